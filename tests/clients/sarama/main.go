// The script of tests/clients/README.md with sarama: sarama BOOTSTRAP NAME
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
	script "milena/clients/goscript"
)

const (
	deadline = 45 * time.Second
)

var (
	codecs = []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy,
		sarama.CompressionLZ4, sarama.CompressionZSTD}
	bootstrap, topic = []string{os.Args[1]}, os.Args[2]
	all              = len(codecs) * script.Each
	end              = time.Now().Add(deadline)
)

func outcome(err error) string {
	var refused *sarama.TopicError
	if errors.As(err, &refused) {
		err = refused.Err
	}
	var known sarama.KError
	if errors.As(err, &known) {
		return fmt.Sprint(int16(known))
	}
	script.Must(err)
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
	wanted := sarama.TopicDetail{NumPartitions: script.Partitions, ReplicationFactor: 1,
		ConfigEntries: map[string]*string{"retention.ms": &forever}}
	for round := 0; round < 2; round++ {
		err := admin.CreateTopic(topic, &wanted, false)
		outcomes = append(outcomes, outcome(err))
	}
	script.Show("create", outcomes)
}

func produce(codec sarama.CompressionCodec, messages []*sarama.ProducerMessage) []script.Place {
	settings := config()
	settings.Producer.Compression = codec
	producer, err := sarama.NewSyncProducer(bootstrap, settings)
	script.Must(err)
	script.Must(producer.SendMessages(messages))
	script.Must(producer.Close())
	places := []script.Place{}
	for _, message := range messages {
		places = append(places, script.Place{int64(message.Partition), message.Offset})
	}
	return places
}

func produceEveryCodec() {
	places := map[string][]script.Place{}
	for first, codec := range codecs {
		messages := []*sarama.ProducerMessage{}
		for index := 0; index < script.Each; index++ {
			messages = append(messages, &sarama.ProducerMessage{
				Topic:     topic,
				Partition: int32(index % script.Partitions),
				Timestamp: script.Time(first, index),
				Key:       sarama.StringEncoder(script.Key(codec.String(), index)),
				Value:     sarama.StringEncoder(script.Value(codec.String(), index)),
				Headers: []sarama.RecordHeader{
					{Key: []byte("codec"), Value: []byte(codec.String())},
					{Key: []byte("index"), Value: []byte(fmt.Sprint(index))}},
			})
		}
		places[codec.String()] = produce(codec, messages)
	}
	script.Show("produce", places)
}

func listed(client sarama.Client, time int64) []int64 {
	found := []int64{}
	for partition := int32(0); partition < script.Partitions; partition++ {
		offset, err := client.GetOffset(topic, partition, time)
		script.Must(err)
		found = append(found, offset)
	}
	return found
}

func drain(client sarama.Client, starts, ends []int64) []*sarama.ConsumerMessage {
	reader, err := sarama.NewConsumerFromClient(client)
	script.Must(err)
	seen := []*sarama.ConsumerMessage{}
	for partition := int32(0); partition < script.Partitions; partition++ {
		part, err := reader.ConsumePartition(topic, partition, starts[partition])
		script.Must(err)
		for next := starts[partition]; next < ends[partition]; next++ {
			seen = append(seen, <-part.Messages())
		}
		script.Must(part.Close())
	}
	return seen
}

func placesOf(messages []*sarama.ConsumerMessage) []script.Place {
	places := []script.Place{}
	for _, message := range messages {
		places = append(places, script.Place{int64(message.Partition), message.Offset})
	}
	return script.Sorted(places)
}

func read(client sarama.Client) {
	earliest, latest := listed(client, sarama.OffsetOldest), listed(client, sarama.OffsetNewest)
	times := listed(client, script.MiddleMs)
	script.Show("offsets", map[string]any{"earliest": earliest, "latest": latest, "time": times})
	rows := []any{}
	for _, one := range drain(client, earliest, latest) {
		headers := [][2]string{}
		for _, header := range one.Headers {
			headers = append(headers, [2]string{string(header.Key), string(header.Value)})
		}
		rows = append(rows, []any{one.Partition, one.Offset, one.Timestamp.UnixMilli(), string(one.Key),
			string(one.Value), headers})
	}
	script.Show("read", rows)
	script.Show("read from a time", placesOf(drain(client, times, latest)))
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
	script.Must(err)
	running, stop := context.WithCancel(context.Background())
	joined := &member{group, make(chan int, 100), messages, stop, make(chan struct{})}
	go func() {
		for running.Err() == nil {
			script.Must(group.Consume(running, []string{topic}, joined))
		}
		close(joined.stopped)
	}()
	return joined
}

func (one *member) leave() {
	one.stop()
	<-one.stopped
	script.Must(one.group.Close())
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
	isAll := func(share int) bool { return share == script.Partitions }
	isPart := func(share int) bool { return share > 0 && share < script.Partitions }
	stays := join(messages)
	stays.until(isAll)
	// A goroutine that is still at its messages when the script.Partitions are shared would commit too late.
	seen := take(messages, all)
	waitForCommits(admin)
	leaves := join(messages)
	leaves.until(isPart)
	stays.until(isPart)
	script.Show("group of two", "shares")
	leaves.leave()
	stays.until(isAll)
	script.Show("committed", committed(admin))
	script.Show("group at work", state(admin))
	stays.leave()
	for len(messages) > 0 {
		seen = append(seen, <-messages)
	}
	script.Show("group read", placesOf(seen))
	resume()
	script.Show("group left", state(admin))
}

func committed(admin sarama.ClusterAdmin) []int64 {
	answer, err := admin.ListConsumerGroupOffsets(topic, nil)
	script.Must(err)
	found := make([]int64, script.Partitions)
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
	for partition := int32(0); partition < script.Partitions; partition++ {
		more = append(more, &sarama.ProducerMessage{Topic: topic, Partition: partition,
			Key: sarama.StringEncoder("more"), Value: sarama.StringEncoder("more")})
	}
	produce(sarama.CompressionNone, more)
	messages := make(chan *sarama.ConsumerMessage, 1000)
	joined := join(messages)
	seen := take(messages, script.Partitions)
	joined.leave()
	script.Show("resumed", placesOf(seen))
}

func state(admin sarama.ClusterAdmin) []any {
	found, err := admin.DescribeConsumerGroups([]string{topic})
	script.Must(err)
	return []any{found[0].State, len(found[0].Members)}
}

func remove(admin sarama.ClusterAdmin) {
	groups, err := admin.ListConsumerGroups()
	script.Must(err)
	_, isListed := groups[topic]
	script.Show("groups", isListed)
	script.Show("delete group", []string{outcome(admin.DeleteConsumerGroup(topic)), outcome(admin.DeleteConsumerGroup(topic))})
	script.Show("delete topic", outcome(admin.DeleteTopic(topic)))
	for isThere := true; isThere; {
		topics, err := admin.ListTopics()
		script.Must(err)
		_, isThere = topics[topic]
	}
}

func main() {
	client, err := sarama.NewClient(bootstrap, config())
	script.Must(err)
	admin, err := sarama.NewClusterAdmin(bootstrap, config())
	script.Must(err)
	script.Show("client", []string{"sarama", script.Version("github.com/IBM/sarama")})
	create(admin)
	produceEveryCodec()
	script.Must(client.RefreshMetadata(topic))
	read(client)
	group(admin)
	remove(admin)
	script.Must(admin.Close())
	script.Must(client.Close())
}
