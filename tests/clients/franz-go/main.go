// The script of tests/clients/README.md with franz-go: franz-go BOOTSTRAP NAME
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	script "milena/clients/goscript"
)

var (
	codecs = []struct {
		name  string
		codec kgo.CompressionCodec
	}{
		{"none", kgo.NoCompression()},
		{"gzip", kgo.GzipCompression()},
		{"snappy", kgo.SnappyCompression()},
		{"lz4", kgo.Lz4Compression()},
		{"zstd", kgo.ZstdCompression()},
	}
	bootstrap, topic = os.Args[1], os.Args[2]
	all              = len(codecs) * script.Each
	soon, cancel     = context.WithTimeout(context.Background(), 45*time.Second)
)

func outcome(err error) string {
	var known *kerr.Error
	if errors.As(err, &known) {
		return known.Message
	}
	script.Must(err)
	return "ok"
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(options, kgo.SeedBrokers(bootstrap), kgo.FetchMaxWait(50*time.Millisecond))...)
	script.Must(err)
	return made
}

func create(admin *kadm.Client) {
	outcomes := []string{}
	configs := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	for round := 0; round < 2; round++ {
		answer, err := admin.CreateTopics(soon, script.Partitions, 1, configs, topic)
		script.Must(err)
		outcomes = append(outcomes, outcome(answer[topic].Err))
	}
	script.Show("create", outcomes)
}

func produce(codec kgo.CompressionCodec, records []*kgo.Record) []script.Place {
	producer := client(kgo.ProducerBatchCompression(codec), kgo.ProducerLinger(20*time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer producer.Close()
	script.Must(producer.ProduceSync(soon, records...).FirstErr())
	places := []script.Place{}
	for _, record := range records {
		places = append(places, script.Place{int64(record.Partition), record.Offset})
	}
	return places
}

func produceEveryCodec() {
	places := map[string][]script.Place{}
	for first, one := range codecs {
		records := []*kgo.Record{}
		for index := 0; index < script.Each; index++ {
			records = append(records, &kgo.Record{
				Topic:     topic,
				Partition: int32(index % script.Partitions),
				Timestamp: script.Time(first, index),
				Key:       []byte(script.Key(one.name, index)),
				Value:     []byte(script.Value(one.name, index)),
				Headers: []kgo.RecordHeader{
					{Key: "codec", Value: []byte(one.name)}, {Key: "index", Value: []byte(fmt.Sprint(index))}},
			})
		}
		places[one.name] = produce(one.codec, records)
	}
	script.Show("produce", places)
}

func listed(offsets kadm.ListedOffsets, err error) []int64 {
	script.Must(err)
	found := make([]int64, script.Partitions)
	offsets.Each(func(one kadm.ListedOffset) { found[one.Partition] = one.Offset })
	return found
}

func offsets(admin *kadm.Client) ([]int64, []int64) {
	latest := listed(admin.ListEndOffsets(soon, topic))
	times := listed(admin.ListOffsetsAfterMilli(soon, script.MiddleMs, topic))
	script.Show("offsets", map[string]any{
		"earliest": listed(admin.ListStartOffsets(soon, topic)), "latest": latest, "time": times})
	return latest, times
}

// Reads from the offset of each partition until the ends.
func drain(from func(partition int) kgo.Offset, begins, ends []int64) []*kgo.Record {
	starts, count := map[int32]kgo.Offset{}, 0
	for partition := 0; partition < script.Partitions; partition++ {
		starts[int32(partition)] = from(partition)
		count += int(ends[partition] - begins[partition])
	}
	reader := client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}))
	defer reader.Close()
	seen := []*kgo.Record{}
	for len(seen) < count {
		seen = append(seen, poll(reader)...)
	}
	sort.Slice(seen, func(a, b int) bool {
		return seen[a].Partition < seen[b].Partition ||
			seen[a].Partition == seen[b].Partition && seen[a].Offset < seen[b].Offset
	})
	return seen
}

func poll(reader *kgo.Client) []*kgo.Record {
	script.Must(soon.Err())
	moment, done := context.WithTimeout(soon, 100*time.Millisecond)
	defer done()
	fetches := reader.PollFetches(moment)
	for _, failure := range fetches.Errors() {
		if !errors.Is(failure.Err, context.DeadlineExceeded) {
			script.Must(failure.Err)
		}
	}
	return fetches.Records()
}

func placesOf(records []*kgo.Record) []script.Place {
	places := []script.Place{}
	for _, record := range records {
		places = append(places, script.Place{int64(record.Partition), record.Offset})
	}
	return script.Sorted(places)
}

func read(ends, times []int64) {
	rows := []any{}
	earliest := func(int) kgo.Offset { return kgo.NewOffset().AtStart() }
	for _, one := range drain(earliest, make([]int64, script.Partitions), ends) {
		headers := [][2]string{}
		for _, header := range one.Headers {
			headers = append(headers, [2]string{header.Key, string(header.Value)})
		}
		rows = append(rows, []any{one.Partition, one.Offset, one.Timestamp.UnixMilli(), string(one.Key),
			string(one.Value), headers})
	}
	script.Show("read", rows)
	middle := func(int) kgo.Offset { return kgo.NewOffset().AfterMilli(script.MiddleMs) }
	script.Show("read from a time", placesOf(drain(middle, times, ends)))
}

type member struct {
	*kgo.Client
	changes chan int
	share   int
}

func join() *member {
	joined := &member{changes: make(chan int, 100)}
	joined.Client = client(kgo.ConsumerGroup(topic), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(200*time.Millisecond),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) {
			joined.changes <- len(got[topic])
		}),
		kgo.OnPartitionsRevoked(func(context.Context, *kgo.Client, map[string][]int32) { joined.changes <- 0 }))
	return joined
}

// Commits at once what came, so that a hand-over leaves nothing to be read twice.
func (one *member) step(seen *[]*kgo.Record) int {
	if records := poll(one.Client); len(records) > 0 {
		*seen = append(*seen, records...)
		script.Must(one.CommitRecords(soon, records...))
	}
	for len(one.changes) > 0 {
		one.share = <-one.changes
	}
	return one.share
}

func group(admin *kadm.Client) {
	seen, stays := []*kgo.Record{}, join()
	for stays.step(&seen) != script.Partitions {
	}
	leaves := join()
	for leaves.step(&seen) == 0 || stays.step(&seen) == 0 || stays.share+leaves.share != script.Partitions {
	}
	script.Show("group of two", "shares")
	leaves.Close()
	for stays.step(&seen) != script.Partitions || len(seen) < all {
	}
	script.Show("group read", placesOf(seen))
	committed, err := admin.FetchOffsets(soon, topic)
	script.Must(err)
	found := make([]int64, script.Partitions)
	committed.Each(func(one kadm.OffsetResponse) { found[one.Partition] = one.At })
	script.Show("committed", found)
	script.Show("group at work", state(admin))
	stays.Close()
	resume()
	script.Show("group left", state(admin))
}

func resume() {
	more := []*kgo.Record{}
	for partition := int32(0); partition < script.Partitions; partition++ {
		more = append(more, &kgo.Record{Topic: topic, Partition: partition, Key: []byte("more"), Value: []byte("more")})
	}
	produce(kgo.NoCompression(), more)
	seen, joined := []*kgo.Record{}, join()
	for len(seen) < script.Partitions {
		joined.step(&seen)
	}
	joined.Close()
	script.Show("resumed", placesOf(seen))
}

func state(admin *kadm.Client) []any {
	found, err := admin.DescribeGroups(soon, topic)
	script.Must(err)
	return []any{found[topic].State, len(found[topic].Members)}
}

func remove(admin *kadm.Client) {
	groups, err := admin.ListGroups(soon)
	script.Must(err)
	_, isListed := groups[topic]
	script.Show("groups", isListed)
	outcomes := []string{}
	for round := 0; round < 2; round++ {
		answer, err := admin.DeleteGroups(soon, topic)
		script.Must(err)
		outcomes = append(outcomes, outcome(answer[topic].Err))
	}
	script.Show("delete group", outcomes)
	answer, err := admin.DeleteTopics(soon, topic)
	script.Must(err)
	script.Show("delete topic", outcome(answer[topic].Err))
	for isThere := true; isThere; {
		topics, err := admin.ListTopics(soon)
		script.Must(err)
		isThere = topics.Has(topic)
	}
}

func main() {
	defer cancel()
	if len(os.Args) > 3 {
		steady(os.Args[3])
		return
	}
	admin := kadm.NewClient(client())
	defer admin.Close()
	script.Show("client", []string{"franz-go", script.Version("github.com/twmb/franz-go")})
	create(admin)
	produceEveryCodec()
	ends, times := offsets(admin)
	read(ends, times)
	group(admin)
	remove(admin)
}
