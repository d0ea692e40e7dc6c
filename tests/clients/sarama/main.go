// The script of tests/clients/README.md with sarama: sarama BOOTSTRAP NAME
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

const (
	partitions = 3
	each       = 6
	beginMs    = int64(1_700_000_000_000)
	middleMs   = beginMs + 9500
	deadline   = 45 * time.Second
)

var (
	codecs = []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy,
		sarama.CompressionLZ4, sarama.CompressionZSTD}
	bootstrap, topic = []string{os.Args[1]}, os.Args[2]
	all              = len(codecs) * each
	end              = time.Now().Add(deadline)
)

type place [2]int64

func show(step string, value any) {
	line, err := json.Marshal(map[string]any{"step": step, "value": value})
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func outcome(err error) string {
	var refused *sarama.TopicError
	if errors.As(err, &refused) {
		err = refused.Err
	}
	var known sarama.KError
	if errors.As(err, &known) {
		return fmt.Sprint(int16(known))
	}
	must(err)
	return "ok"
}

func config() *sarama.Config {
	made := sarama.NewConfig()
	made.Version = sarama.V3_6_0_0
	made.Producer.Return.Successes = true
	made.Producer.RequiredAcks = sarama.WaitForAll
	made.Producer.Idempotent = true
	made.Net.MaxOpenRequests = 1
	made.Producer.Flush.Frequency = 20 * time.Millisecond
	made.Producer.Partitioner = sarama.NewManualPartitioner
	made.Consumer.MaxWaitTime = 50 * time.Millisecond
	made.Consumer.Offsets.Initial = sarama.OffsetOldest
	made.Consumer.Offsets.AutoCommit.Enable = false
	made.Consumer.Group.Heartbeat.Interval = 200 * time.Millisecond
	return made
}

func create(admin sarama.ClusterAdmin) {
	outcomes, forever := []string{}, "-1"
	wanted := sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1,
		ConfigEntries: map[string]*string{"retention.ms": &forever}}
	for round := 0; round < 2; round++ {
		err := admin.CreateTopic(topic, &wanted, false)
		outcomes = append(outcomes, outcome(err))
	}
	show("create", outcomes)
}

func produce(codec sarama.CompressionCodec, messages []*sarama.ProducerMessage) []place {
	settings := config()
	settings.Producer.Compression = codec
	producer, err := sarama.NewSyncProducer(bootstrap, settings)
	must(err)
	must(producer.SendMessages(messages))
	must(producer.Close())
	places := []place{}
	for _, message := range messages {
		places = append(places, place{int64(message.Partition), message.Offset})
	}
	return places
}

func produceEveryCodec() {
	places := map[string][]place{}
	for first, codec := range codecs {
		messages := []*sarama.ProducerMessage{}
		for index := 0; index < each; index++ {
			messages = append(messages, &sarama.ProducerMessage{
				Topic:     topic,
				Partition: int32(index % partitions),
				Timestamp: time.UnixMilli(beginMs + int64(first*each+index)*1000),
				Key:       sarama.StringEncoder(fmt.Sprintf("%s %d", codec, index)),
				Value:     sarama.StringEncoder(fmt.Sprintf("value of %s %d%s", codec, index, strings.Repeat(" ", 40))),
				Headers: []sarama.RecordHeader{
					{Key: []byte("codec"), Value: []byte(codec.String())},
					{Key: []byte("index"), Value: []byte(fmt.Sprint(index))}},
			})
		}
		places[codec.String()] = produce(codec, messages)
	}
	show("produce", places)
}

func listed(client sarama.Client, time int64) []int64 {
	found := []int64{}
	for partition := int32(0); partition < partitions; partition++ {
		offset, err := client.GetOffset(topic, partition, time)
		must(err)
		found = append(found, offset)
	}
	return found
}

func drain(client sarama.Client, starts, ends []int64) []*sarama.ConsumerMessage {
	reader, err := sarama.NewConsumerFromClient(client)
	must(err)
	seen := []*sarama.ConsumerMessage{}
	for partition := int32(0); partition < partitions; partition++ {
		part, err := reader.ConsumePartition(topic, partition, starts[partition])
		must(err)
		for next := starts[partition]; next < ends[partition]; next++ {
			seen = append(seen, <-part.Messages())
		}
		must(part.Close())
	}
	return seen
}

func placesOf(messages []*sarama.ConsumerMessage) []place {
	places := []place{}
	for _, message := range messages {
		places = append(places, place{int64(message.Partition), message.Offset})
	}
	sort.Slice(places, func(a, b int) bool {
		return places[a][0] < places[b][0] || places[a][0] == places[b][0] && places[a][1] < places[b][1]
	})
	return places
}

func read(client sarama.Client) {
	earliest, latest := listed(client, sarama.OffsetOldest), listed(client, sarama.OffsetNewest)
	times := listed(client, middleMs)
	show("offsets", map[string]any{"earliest": earliest, "latest": latest, "time": times})
	rows := []any{}
	for _, one := range drain(client, earliest, latest) {
		headers := [][2]string{}
		for _, header := range one.Headers {
			headers = append(headers, [2]string{string(header.Key), string(header.Value)})
		}
		rows = append(rows, []any{one.Partition, one.Offset, one.Timestamp.UnixMilli(), string(one.Key),
			string(one.Value), headers})
	}
	show("read", rows)
	show("read from a time", placesOf(drain(client, times, latest)))
}

// A member consumes in goroutines of its own, one for each partition, and commits at once what came.
type member struct {
	group    sarama.ConsumerGroup
	shares   chan int
	messages chan *sarama.ConsumerMessage
	stop     context.CancelFunc
	stopped  chan struct{}
}

func (one *member) Setup(session sarama.ConsumerGroupSession) error {
	one.shares <- len(session.Claims()[topic])
	return nil
}

func (one *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (one *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		one.messages <- message
		session.MarkMessage(message, "")
		session.Commit()
	}
	return nil
}

func join(messages chan *sarama.ConsumerMessage) *member {
	group, err := sarama.NewConsumerGroup(bootstrap, topic, config())
	must(err)
	running, stop := context.WithCancel(context.Background())
	joined := &member{group, make(chan int, 100), messages, stop, make(chan struct{})}
	go func() {
		for running.Err() == nil {
			must(group.Consume(running, []string{topic}, joined))
		}
		close(joined.stopped)
	}()
	return joined
}

func (one *member) leave() {
	one.stop()
	<-one.stopped
	must(one.group.Close())
}

// Waits until the member has been given a share that fits.
func (one *member) until(fits func(share int) bool) {
	for {
		select {
		case share := <-one.shares:
			if fits(share) {
				return
			}
		case <-time.After(time.Until(end)):
			panic("no such share in time")
		}
	}
}

func take(messages chan *sarama.ConsumerMessage, count int) []*sarama.ConsumerMessage {
	taken := []*sarama.ConsumerMessage{}
	for len(taken) < count {
		select {
		case message := <-messages:
			taken = append(taken, message)
		case <-time.After(time.Until(end)):
			panic("not everything was read in time")
		}
	}
	return taken
}

func group(admin sarama.ClusterAdmin) {
	messages := make(chan *sarama.ConsumerMessage, 1000)
	isAll := func(share int) bool { return share == partitions }
	isPart := func(share int) bool { return share > 0 && share < partitions }
	stays := join(messages)
	stays.until(isAll)
	// A goroutine that is still at its messages when the partitions are shared would commit too late.
	seen := take(messages, all)
	waitForCommits(admin)
	leaves := join(messages)
	leaves.until(isPart)
	stays.until(isPart)
	show("group of two", "shares")
	leaves.leave()
	stays.until(isAll)
	show("committed", committed(admin))
	show("group at work", state(admin))
	stays.leave()
	for len(messages) > 0 {
		seen = append(seen, <-messages)
	}
	show("group read", placesOf(seen))
	resume()
	show("group left", state(admin))
}

func committed(admin sarama.ClusterAdmin) []int64 {
	answer, err := admin.ListConsumerGroupOffsets(topic, nil)
	must(err)
	found := make([]int64, partitions)
	for partition, block := range answer.Blocks[topic] {
		found[partition] = block.Offset
	}
	return found
}

// The goroutines of the member commit behind what they have handed over.
func waitForCommits(admin sarama.ClusterAdmin) {
	found := committed(admin)
	for found[0]+found[1]+found[2] < int64(all) && time.Now().Before(end) {
		found = committed(admin)
	}
}

func resume() {
	more := []*sarama.ProducerMessage{}
	for partition := int32(0); partition < partitions; partition++ {
		more = append(more, &sarama.ProducerMessage{Topic: topic, Partition: partition,
			Key: sarama.StringEncoder("more"), Value: sarama.StringEncoder("more")})
	}
	produce(sarama.CompressionNone, more)
	messages := make(chan *sarama.ConsumerMessage, 1000)
	joined := join(messages)
	seen := take(messages, partitions)
	joined.leave()
	show("resumed", placesOf(seen))
}

func state(admin sarama.ClusterAdmin) []any {
	found, err := admin.DescribeConsumerGroups([]string{topic})
	must(err)
	return []any{found[0].State, len(found[0].Members)}
}

func remove(admin sarama.ClusterAdmin) {
	groups, err := admin.ListConsumerGroups()
	must(err)
	_, isListed := groups[topic]
	show("groups", isListed)
	show("delete group", []string{outcome(admin.DeleteConsumerGroup(topic)), outcome(admin.DeleteConsumerGroup(topic))})
	show("delete topic", outcome(admin.DeleteTopic(topic)))
	for isThere := true; isThere; {
		topics, err := admin.ListTopics()
		must(err)
		_, isThere = topics[topic]
	}
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, one := range info.Deps {
		if one.Path == module {
			return strings.TrimPrefix(one.Version, "v")
		}
	}
	return ""
}

func main() {
	client, err := sarama.NewClient(bootstrap, config())
	must(err)
	admin, err := sarama.NewClusterAdmin(bootstrap, config())
	must(err)
	show("client", []string{"sarama", version("github.com/IBM/sarama")})
	create(admin)
	produceEveryCodec()
	must(client.RefreshMetadata(topic))
	read(client)
	group(admin)
	remove(admin)
	must(admin.Close())
	must(client.Close())
}
