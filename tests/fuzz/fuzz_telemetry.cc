// Hostile metrics of clients (KIP-714): whatever is pushed is taken in or refused, what /metrics would show of it is
// bounded and printable, and compressed or not it comes to the same. The first byte of an input says how it claims to
// be compressed; it is also tried as plain metrics and with every codec for real.
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "memory_disk.h"
#include "server/client_metrics.h"

namespace {

using namespace milena;
using namespace milena::server;

constexpr int32_t bytes_max = 64 << 10;
constexpr Uuid client_id{7, 70};

// A broker that has told one client what it wants to know of it.
class Broker {
  public:
    Broker() {
        wire::GetTelemetrySubscriptionsRequest request;
        request.client_instance_id = client_id;
        subscription_id_ = metrics_.subscriptions(moment(), request, client()).subscription_id;
    }

    ErrorCode push(int8_t compression_type, std::span<const std::byte> content) {
        wire::PushTelemetryRequest request;
        request.client_instance_id = client_id;
        request.subscription_id = subscription_id_;
        request.compression_type = compression_type;
        request.metrics = Bytes::copy_of(content);
        now_ = now_ + std::chrono::minutes(5);
        return metrics_.push(moment(), request, client());
    }

    // One line for each value; equal reports are equal texts.
    std::string report() {
        const ClientMetricsReport report = metrics_.report(now_);
        check(report.values.size() <= ClientMetrics::values_max);
        std::string text;
        for (const ClientMetricValue& value : report.values) {
            check(to_utf8(value.metric) == value.metric && to_utf8(value.client_id) == value.client_id);
            const auto bits = std::bit_cast<uint64_t>(value.value);
            text += value.metric + (value.is_total ? "+" : "=") + std::to_string(bits) + "\n";
        }
        return text;
    }

  private:
    ClientMetrics::Moment moment() const { return {.image = *image_, .now = now_, .bytes_max = bytes_max}; }
    TelemetryClient client() const { return {.attributes = {{"client_id", "\xff client"}}, .connection = connection_}; }

    const std::shared_ptr<const metadata::Image> image_ = metadata::Image::empty();
    const std::shared_ptr<const int> connection_ = std::make_shared<const int>(0);
    Instant now_;
    fuzz::SameRandom random_;
    wire::Decompressor decompressor_;
    ClientMetrics metrics_{{random_, decompressor_}};
    int32_t subscription_id_ = 0;
};

void check_values(std::span<const std::byte> content) {
    const auto values = read_otlp(content);
    if (!values) return;
    check(values->size() <= otlp_values_max);
    for (const auto& [name, value] : *values) check(!name.empty() && name.size() <= otlp_name_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    const auto content = std::as_bytes(std::span(data, size)).subspan(1);
    check_values(content);
    Broker broker;
    (void)broker.push(static_cast<int8_t>(data[0]), content);
    (void)broker.report();

    Broker plain;
    const ErrorCode outcome = plain.push(0, content);
    const std::string expected = plain.report();
    static wire::Compressor compressor;
    for (const wire::Codec codec : {wire::Codec::gzip, wire::Codec::snappy, wire::Codec::lz4, wire::Codec::zstd}) {
        std::vector<std::byte> compressed;
        compressor.compress(codec, wire::default_compression_level(codec), content, compressed);
        if (content.empty() || compressed.size() > bytes_max) continue;
        Broker other;
        check(other.push(static_cast<int8_t>(codec), compressed) == outcome);
        check(other.report() == expected);
    }
    return 0;
}
