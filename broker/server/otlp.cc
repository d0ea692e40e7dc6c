#include "server/otlp.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/varint.h"

namespace milena::server {
namespace {

using Data = std::span<const std::byte>;

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
    uint32_t number = 0;
    WireType type = WireType::varint;
    uint64_t number_value = 0;  // of varint and fixed64
    Data bytes;
};

// The fields of one protobuf message, one after the other.
class Fields {
  public:
    explicit Fields(Data data) : rest_(data) {}

    // Nothing at the end, and from the first malformed byte on.
    std::optional<Field> next() {
        if (rest_.empty()) return std::nullopt;
        Field field;
        uint64_t tag = 0;
        if (!varint(tag) || (tag >> 3) > UINT32_MAX) return broken();
        field.number = static_cast<uint32_t>(tag >> 3);
        field.type = static_cast<WireType>(tag & 7);
        return value(field) ? std::optional(field) : broken();
    }
    bool is_broken() const { return is_broken_; }

  private:
    std::optional<Field> broken() {
        is_broken_ = true;
        rest_ = {};
        return std::nullopt;
    }

    bool value(Field& field) {
        switch (field.type) {
            case WireType::varint: return varint(field.number_value);
            case WireType::fixed64: return fixed(sizeof(uint64_t), field);
            case WireType::fixed32: return fixed(sizeof(uint32_t), field);
            case WireType::bytes: break;
            default: return false;
        }
        uint64_t size = 0;
        if (!varint(size) || size > rest_.size()) return false;
        field.bytes = take(static_cast<size_t>(size));
        return true;
    }

    bool fixed(size_t size, Field& field) {
        if (rest_.size() < size) return false;
        static_assert(std::endian::native == std::endian::little);
        std::memcpy(&field.number_value, take(size).data(), size);
        return true;
    }

    bool varint(uint64_t& value) {
        const auto read = read_unsigned_varlong(rest_);
        if (read.bytes == 0) return false;
        value = read.value;
        take(read.bytes);
        return true;
    }

    Data take(size_t size) {
        const Data taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    Data rest_;
    bool is_broken_ = false;
};

// Calls visit(field) for each field of that number that holds a message or a string; false if the data is malformed or
// visit() says so.
template <class Visit>
bool each(Data data, uint32_t number, Visit&& visit) {
    Fields fields(data);
    while (const auto field = fields.next())
        if (field->number == number && field->type == WireType::bytes && !visit(field->bytes)) return false;
    return !fields.is_broken();
}

// NumberDataPoint: as_double = 4, as_int = 6.
bool add_point(Data data, bool is_first, OtlpValue& into) {
    Fields fields(data);
    double value = 0;
    while (const auto field = fields.next()) {
        if (field->type != WireType::fixed64) continue;
        if (field->number == 4) value = std::bit_cast<double>(field->number_value);
        if (field->number == 6) value = static_cast<double>(std::bit_cast<int64_t>(field->number_value));
    }
    if (is_first)
        into.value = value;
    else
        into.value = into.is_total ? into.value + value : std::max(into.value, value);
    return !fields.is_broken();
}

bool add_points(Data data, OtlpValue& into, bool is_first) {
    constexpr uint32_t data_points = 1;
    return each(data, data_points, [&](Data point) {
        const bool is_fine = add_point(point, is_first, into);
        is_first = false;
        return is_fine;
    });
}

// Metric: name = 1, gauge = 5, sum = 7. Of a sum: aggregation_temporality = 2, of which 1 is delta.
bool add_metric(Data data, OtlpValues& values) {
    std::string_view name;
    Data gauge;
    Data sum;
    Fields fields(data);
    while (const auto field = fields.next()) {
        if (field->type != WireType::bytes) continue;
        if (field->number == 1) name = {reinterpret_cast<const char*>(field->bytes.data()), field->bytes.size()};
        if (field->number == 5) gauge = field->bytes;
        if (field->number == 7) sum = field->bytes;
    }
    if (fields.is_broken()) return false;
    if (name.empty() || name.size() > otlp_name_bytes_max || (gauge.empty() && sum.empty())) return true;
    const auto known = values.find(name);
    if (known == values.end() && values.size() >= otlp_values_max) return true;
    OtlpValue& value = known == values.end() ? values[std::string(name)] : known->second;
    value.is_total = !sum.empty();
    Fields sum_fields(sum);
    while (const auto field = sum_fields.next())
        if (field->number == 2 && field->type == WireType::varint) value.is_delta = field->number_value == 1;
    return !sum_fields.is_broken() && add_points(value.is_total ? sum : gauge, value, known == values.end());
}

}  // namespace

Result<OtlpValues> read_otlp(Data data) {
    constexpr uint32_t resource_metrics = 1;
    constexpr uint32_t scope_metrics = 2;
    constexpr uint32_t metrics = 2;
    OtlpValues values;
    const bool is_fine = each(data, resource_metrics, [&](Data resource) {
        return each(resource, scope_metrics, [&](Data scope) {
            return each(scope, metrics, [&](Data metric) { return add_metric(metric, values); });
        });
    });
    if (!is_fine) return unexpected(ErrorCode::invalid_record);
    return values;
}

}  // namespace milena::server
