// greetings BOOTSTRAP produce|consume COUNT
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "greetings-go"

func main() {
	bootstrap, verb := os.Args[1], os.Args[2]
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	if verb == "produce" {
		err = produce(bootstrap, count)
	} else {
		err = consume(bootstrap, count)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func produce(bootstrap string, count int) error {
	// Acknowledged by all replicas, and idempotent, which are the defaults: what was acknowledged is there, once.
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx := context.Background()
	admin := kadm.NewClient(client)
	if topics, err := admin.ListTopics(ctx); err != nil {
		return err
	} else if !topics.Has(topic) {
		if _, err := admin.CreateTopic(ctx, 3, 1, nil, topic); err != nil {
			return err
		}
	}
	var records []*kgo.Record
	for number := 0; number < count; number++ {
		records = append(records, &kgo.Record{
			Topic: topic,
			Key:   []byte(fmt.Sprintf("guest-%d", number%7)),
			Value: []byte(fmt.Sprintf("greeting %d", number)),
		})
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	fmt.Println("produced", count)
	return nil
}

func consume(bootstrap string, count int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup("greetings-go"),
		kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx := context.Background()
	for seen := 0; seen < count; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, record := range fetches.Records() {
			fmt.Printf("%s: %s\n", record.Key, record.Value)
			seen++
		}
		// Committed when the work is done: a crash repeats some of it, and skips nothing.
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			return err
		}
	}
	return nil
}
