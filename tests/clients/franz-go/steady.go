package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	script "milena/clients/goscript"
)

const pace = 5 * time.Millisecond

// The steady load of tests/clients/README.md: franz-go BOOTSTRAP TOPIC PARTITIONS
type steadyLoad struct {
	lock         sync.Mutex
	acknowledged int
	errors       []string
	read         map[string]int
}

func (load *steadyLoad) sent(_ *kgo.Record, err error) {
	load.lock.Lock()
	defer load.lock.Unlock()
	if err != nil {
		load.errors = append(load.errors, err.Error())
		return
	}
	if load.acknowledged++; load.acknowledged == 1 {
		fmt.Println(`"begun"`)
	}
}

func (load *steadyLoad) poll(reader *kgo.Client) {
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	fetches := reader.PollFetches(soon)
	for _, problem := range fetches.Errors() {
		if soon.Err() == nil {
			load.errors = append(load.errors, problem.Err.Error())
		}
	}
	fetches.EachRecord(func(record *kgo.Record) { load.read[string(record.Value)]++ })
}

func (load *steadyLoad) isReadUp() bool {
	load.lock.Lock()
	defer load.lock.Unlock()
	return len(load.read) >= load.acknowledged
}

func steady(partitionsText string) {
	partitions, err := strconv.Atoi(partitionsText)
	script.Must(err)
	starts := map[int32]kgo.Offset{}
	for partition := 0; partition < partitions; partition++ {
		starts[int32(partition)] = kgo.NewOffset().AtStart()
	}
	seeds := strings.Split(bootstrap, ",")
	load := &steadyLoad{read: map[string]int{}, errors: []string{}}
	writer, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	script.Must(err)
	reader, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.FetchMaxWait(50*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}))
	script.Must(err)
	ended := make(chan struct{})
	go func() {
		bufio.NewReader(os.Stdin).ReadByte()
		close(ended)
	}()
	for sent := 0; ; sent++ {
		select {
		case <-ended:
			load.finish(writer, reader)
			return
		default:
		}
		record := &kgo.Record{Topic: topic, Partition: int32(sent % partitions), Value: []byte(fmt.Sprintf("steady %d", sent))}
		writer.Produce(context.Background(), record, load.sent)
		load.poll(reader)
		time.Sleep(pace)
	}
}

func (load *steadyLoad) finish(writer, reader *kgo.Client) {
	script.Must(writer.Flush(context.Background()))
	for end := time.Now().Add(20 * time.Second); !load.isReadUp() && time.Now().Before(end); {
		load.poll(reader)
	}
	repeated := 0
	for _, times := range load.read {
		if times > 1 {
			repeated++
		}
	}
	line, err := json.Marshal(map[string]any{"acknowledged": load.acknowledged, "read": len(load.read),
		"repeated": repeated, "errors": load.errors})
	script.Must(err)
	fmt.Println(string(line))
}
