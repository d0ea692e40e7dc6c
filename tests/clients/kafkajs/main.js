// The script of tests/clients/README.md with kafkajs: main.js BOOTSTRAP NAME
'use strict'

const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs')
const { version } = require('kafkajs/package.json')

// kafkajs itself has gzip only; the others come as its users bring them.
const lz4 = require('lz4-napi')
const zstd = new Promise((resolve) => require('zstd-codec').ZstdCodec.run((binding) => resolve(new binding.Simple())))
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder) => lz4.compressFrame(encoder.buffer),
  decompress: (buffer) => lz4.decompressFrame(buffer),
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from((await zstd).compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from((await zstd).decompress(buffer)),
})

const [bootstrap, topic] = process.argv.slice(2)
const PARTITIONS = 3
const EACH = 6
const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}
const ALL = Object.keys(CODECS).length * EACH
const BEGIN_MS = 1_700_000_000_000
const MIDDLE_MS = BEGIN_MS + 9500

const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50 } })
const admin = kafka.admin()

const show = (step, value) => console.log(JSON.stringify({ step, value }))
const byPlace = (a, b) => a[0] - b[0] || a[1] - b[1]
const places = (seen) => seen.map((one) => [one.partition, Number(one.message.offset)]).sort(byPlace)
const offsetsOf = (rows) => rows.sort((a, b) => a.partition - b.partition).map((row) => Number(row.offset))

async function until(what, condition) {
  const end = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function outcome(what) {
  try {
    return (await what()) === false ? 'no' : 'ok'
  } catch (failure) {
    return failure.type || failure.groups?.[0].error.type || failure.name
  }
}

async function create() {
  const configEntries = [{ name: 'retention.ms', value: '-1' }]
  const topics = [{ topic, numPartitions: PARTITIONS, replicationFactor: 1, configEntries }]
  show('create', [await outcome(() => admin.createTopics({ topics })), await outcome(() => admin.createTopics({ topics }))])
}

async function produce(codec, messages) {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const written = await producer.send({ topic, acks: -1, compression: CODECS[codec], messages })
  await producer.disconnect()
  // One answer for each partition, with the offset of its first record.
  const next = new Map(written.map((one) => [one.partition, Number(one.baseOffset)]))
  return messages.map(({ partition }) => {
    const offset = next.get(partition)
    next.set(partition, offset + 1)
    return [partition, offset]
  })
}

async function produceEveryCodec() {
  const written = {}
  for (const [first, codec] of Object.keys(CODECS).entries()) {
    const messages = Array.from({ length: EACH }, (_, index) => ({
      partition: index % PARTITIONS,
      timestamp: String(BEGIN_MS + (first * EACH + index) * 1000),
      key: `${codec} ${index}`,
      value: `value of ${codec} ${index}${' '.repeat(40)}`,
      headers: { codec, index: String(index) },
    }))
    written[codec] = await produce(codec, messages)
  }
  show('produce', written)
}

async function offsets() {
  const rows = await admin.fetchTopicOffsets(topic)
  const ends = rows.sort((a, b) => a.partition - b.partition)
  const times = offsetsOf(await admin.fetchTopicOffsetsByTimestamp(topic, MIDDLE_MS))
  show('offsets', {
    earliest: ends.map((row) => Number(row.low)),
    latest: ends.map((row) => Number(row.high)),
    time: times,
  })
  return times
}

const consumer = (groupId) =>
  kafka.consumer({ groupId, heartbeatInterval: 200, rebalanceTimeout: 10_000, maxWaitTimeInMs: 50 })

// kafkajs has no consumer without a group, so the reader is the only member of one.
async function drain(starts, count) {
  const reader = consumer(`${topic}-reads-alone`)
  const seen = []
  await reader.connect()
  await reader.subscribe({ topic, fromBeginning: true })
  await reader.run({ autoCommit: false, eachMessage: async (one) => { seen.push(one) } })
  starts.forEach((offset, partition) => reader.seek({ topic, partition, offset: String(offset) }))
  const distinct = () => [...new Map(seen.filter((one) => one.message.offset >= starts[one.partition])
    .map((one) => [`${one.partition} ${one.message.offset}`, one])).values()]
  await until('everything is read', () => distinct().length >= count)
  await reader.disconnect()
  return distinct()
}

async function read(times) {
  const everything = await drain(times.map(() => 0), ALL)
  const rows = everything.map(({ partition, message }) => [
    partition,
    Number(message.offset),
    Number(message.timestamp),
    message.key.toString(),
    message.value.toString(),
    Object.entries(message.headers).map(([name, text]) => [name, text.toString()]),
  ])
  show('read', rows.sort(byPlace))
  show('read from a time', places(await drain(times, ALL - times.reduce((sum, offset) => sum + offset))))
  await admin.deleteGroups([`${topic}-reads-alone`])
}

// Commits at once what came, so that a hand-over leaves nothing to be read twice.
async function join(seen) {
  const member = consumer(topic)
  const joined = { member, share: 0, leave: () => member.disconnect() }
  member.on(member.events.GROUP_JOIN, ({ payload }) => {
    joined.share = (payload.memberAssignment[topic] || []).length
  })
  await member.connect()
  await member.subscribe({ topic, fromBeginning: true })
  await member.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      seen.push({ partition, message })
      await member.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }])
    },
  })
  return joined
}

async function state() {
  const { groups: [group] } = await admin.describeGroups([topic])
  return [group.state, group.members.length]
}

async function committed() {
  const [{ partitions }] = await admin.fetchOffsets({ groupId: topic, topics: [topic] })
  return offsetsOf(partitions)
}

async function group() {
  const seen = []
  const stays = await join(seen)
  await until('the first member has everything', () => stays.share === PARTITIONS)
  await until('and has read it', () => seen.length >= ALL)
  const leaves = await join(seen)
  await until('two members share', () => stays.share && leaves.share && stays.share + leaves.share === PARTITIONS)
  show('group of two', 'shares')
  await leaves.leave()
  await until('one is left', () => stays.share === PARTITIONS)
  show('group read', places(seen))
  await until('all is committed', async () => (await committed()).reduce((sum, offset) => sum + offset) >= ALL)
  show('committed', await committed())
  show('group at work', await state())
  await stays.leave()
  await resume()
  show('group left', await state())
}

async function resume() {
  await produce('none', Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, key: 'more', value: 'more' })))
  const seen = []
  const member = await join(seen)
  await until('the rest is read', () => seen.length >= PARTITIONS)
  await member.leave()
  show('resumed', places(seen))
}

async function remove() {
  const { groups } = await admin.listGroups()
  show('groups', groups.some((one) => one.groupId === topic))
  show('delete group', [await outcome(() => admin.deleteGroups([topic])), await outcome(() => admin.deleteGroups([topic]))])
  show('delete topic', await outcome(() => admin.deleteTopics({ topics: [topic] })))
  await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic))
}

async function main() {
  show('client', ['kafkajs', version])
  await admin.connect()
  await create()
  await produceEveryCodec()
  await read(await offsets())
  await group()
  await remove()
  await admin.disconnect()
}

main().catch((failure) => {
  console.error(failure)
  process.exit(1)
})
