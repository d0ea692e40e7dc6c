// The script of tests/clients/README.md with franz-go: franz-go BOOTSTRAP NAME
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

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions = 3
	each       = 6
	beginMs    = int64(1_700_000_000_000)
	middleMs   = beginMs + 9500
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
	all              = len(codecs) * each
	soon, cancel     = context.WithTimeout(context.Background(), 45*time.Second)
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
	var known *kerr.Error
	if errors.As(err, &known) {
		return known.Message
	}
	must(err)
	return "ok"
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(options, kgo.SeedBrokers(bootstrap), kgo.FetchMaxWait(50*time.Millisecond))...)
	must(err)
	return made
}

func create(admin *kadm.Client) {
	outcomes := []string{}
	configs := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	for round := 0; round < 2; round++ {
		answer, err := admin.CreateTopics(soon, partitions, 1, configs, topic)
		must(err)
		outcomes = append(outcomes, outcome(answer[topic].Err))
	}
	show("create", outcomes)
}

func produce(codec kgo.CompressionCodec, records []*kgo.Record) []place {
	producer := client(kgo.ProducerBatchCompression(codec), kgo.ProducerLinger(20*time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer producer.Close()
	must(producer.ProduceSync(soon, records...).FirstErr())
	places := []place{}
	for _, record := range records {
		places = append(places, place{int64(record.Partition), record.Offset})
	}
	return places
}

func produceEveryCodec() {
	places := map[string][]place{}
	for first, one := range codecs {
		records := []*kgo.Record{}
		for index := 0; index < each; index++ {
			records = append(records, &kgo.Record{
				Topic:     topic,
				Partition: int32(index % partitions),
				Timestamp: time.UnixMilli(beginMs + int64(first*each+index)*1000),
				Key:       []byte(fmt.Sprintf("%s %d", one.name, index)),
				Value:     []byte(fmt.Sprintf("value of %s %d%s", one.name, index, strings.Repeat(" ", 40))),
				Headers: []kgo.RecordHeader{
					{Key: "codec", Value: []byte(one.name)}, {Key: "index", Value: []byte(fmt.Sprint(index))}},
			})
		}
		places[one.name] = produce(one.codec, records)
	}
	show("produce", places)
}

func listed(offsets kadm.ListedOffsets, err error) []int64 {
	must(err)
	found := make([]int64, partitions)
	offsets.Each(func(one kadm.ListedOffset) { found[one.Partition] = one.Offset })
	return found
}

func offsets(admin *kadm.Client) ([]int64, []int64) {
	latest := listed(admin.ListEndOffsets(soon, topic))
	times := listed(admin.ListOffsetsAfterMilli(soon, middleMs, topic))
	show("offsets", map[string]any{
		"earliest": listed(admin.ListStartOffsets(soon, topic)), "latest": latest, "time": times})
	return latest, times
}

// Reads from the offset of each partition until the ends.
func drain(from func(partition int) kgo.Offset, begins, ends []int64) []*kgo.Record {
	starts, count := map[int32]kgo.Offset{}, 0
	for partition := 0; partition < partitions; partition++ {
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
	must(soon.Err())
	moment, done := context.WithTimeout(soon, 100*time.Millisecond)
	defer done()
	fetches := reader.PollFetches(moment)
	for _, failure := range fetches.Errors() {
		if !errors.Is(failure.Err, context.DeadlineExceeded) {
			must(failure.Err)
		}
	}
	return fetches.Records()
}

func placesOf(records []*kgo.Record) []place {
	places := []place{}
	for _, record := range records {
		places = append(places, place{int64(record.Partition), record.Offset})
	}
	sort.Slice(places, func(a, b int) bool {
		return places[a][0] < places[b][0] || places[a][0] == places[b][0] && places[a][1] < places[b][1]
	})
	return places
}

func read(ends, times []int64) {
	rows := []any{}
	earliest := func(int) kgo.Offset { return kgo.NewOffset().AtStart() }
	for _, one := range drain(earliest, make([]int64, partitions), ends) {
		headers := [][2]string{}
		for _, header := range one.Headers {
			headers = append(headers, [2]string{header.Key, string(header.Value)})
		}
		rows = append(rows, []any{one.Partition, one.Offset, one.Timestamp.UnixMilli(), string(one.Key),
			string(one.Value), headers})
	}
	show("read", rows)
	middle := func(int) kgo.Offset { return kgo.NewOffset().AfterMilli(middleMs) }
	show("read from a time", placesOf(drain(middle, times, ends)))
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
		must(one.CommitRecords(soon, records...))
	}
	for len(one.changes) > 0 {
		one.share = <-one.changes
	}
	return one.share
}

func group(admin *kadm.Client) {
	seen, stays := []*kgo.Record{}, join()
	for stays.step(&seen) != partitions {
	}
	leaves := join()
	for leaves.step(&seen) == 0 || stays.step(&seen) == 0 || stays.share+leaves.share != partitions {
	}
	show("group of two", "shares")
	leaves.Close()
	for stays.step(&seen) != partitions || len(seen) < all {
	}
	show("group read", placesOf(seen))
	committed, err := admin.FetchOffsets(soon, topic)
	must(err)
	found := make([]int64, partitions)
	committed.Each(func(one kadm.OffsetResponse) { found[one.Partition] = one.At })
	show("committed", found)
	show("group at work", state(admin))
	stays.Close()
	resume()
	show("group left", state(admin))
}

func resume() {
	more := []*kgo.Record{}
	for partition := int32(0); partition < partitions; partition++ {
		more = append(more, &kgo.Record{Topic: topic, Partition: partition, Key: []byte("more"), Value: []byte("more")})
	}
	produce(kgo.NoCompression(), more)
	seen, joined := []*kgo.Record{}, join()
	for len(seen) < partitions {
		joined.step(&seen)
	}
	joined.Close()
	show("resumed", placesOf(seen))
}

func state(admin *kadm.Client) []any {
	found, err := admin.DescribeGroups(soon, topic)
	must(err)
	return []any{found[topic].State, len(found[topic].Members)}
}

func remove(admin *kadm.Client) {
	groups, err := admin.ListGroups(soon)
	must(err)
	_, isListed := groups[topic]
	show("groups", isListed)
	outcomes := []string{}
	for round := 0; round < 2; round++ {
		answer, err := admin.DeleteGroups(soon, topic)
		must(err)
		outcomes = append(outcomes, outcome(answer[topic].Err))
	}
	show("delete group", outcomes)
	answer, err := admin.DeleteTopics(soon, topic)
	must(err)
	show("delete topic", outcome(answer[topic].Err))
	for isThere := true; isThere; {
		topics, err := admin.ListTopics(soon)
		must(err)
		isThere = topics.Has(topic)
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
	defer cancel()
	admin := kadm.NewClient(client())
	defer admin.Close()
	show("client", []string{"franz-go", version("github.com/twmb/franz-go")})
	create(admin)
	produceEveryCodec()
	ends, times := offsets(admin)
	read(ends, times)
	group(admin)
	remove(admin)
}
