"""What the integration tests and the bench share: processes, brokers, tools, and the comparison with real Kafka."""
