// One client: cuts what it sends into frames, hands each to dispatch, and sends the answers in the order of the
// requests. Several requests may be under way; over any limit it simply stops reading. Owned by its shard, used by its
// thread only. Knows no API.
//
//     socket ─▶ frames ─▶ dispatch ─▶ slots: │ ready │ ready │ under way │ ready │ ─▶ one gathered write of the ready
//     front
//
// Memory: a request counts against the shard's Budget as it arrives and until its answer has been sent, an answer
// while it waits to be sent, but for what lies in files. An idle connection holds neither frame nor buffer.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "server/budget.h"
#include "server/request_metrics.h"
#include "server/stream.h"
#include "shard/loop.h"
#include "wire/encoder.h"

namespace milena::server {

class Connection;
using SlotId = uint64_t;  // of one connection; ascending from 0, never reused

struct ConnectionLimits {
    size_t frame_bytes_max = 100U << 20;   // socket.request.max.bytes
    size_t requests_max = 128;             // under way or waiting to be sent
    size_t requests_bytes_max = 8U << 20;  // likewise; one larger request is let in alone
    size_t answers_bytes_max = 1U << 20;   // not sent yet: beyond it no other request is taken
    size_t always_bytes_max = 4U << 10;    // a client without any is let in even if the budget has no room
};

// What all connections of a shard share.
struct ConnectionHost {
    shard::Loop& loop;
    Budget& budget;
    RequestMetrics& metrics;
    std::span<std::byte> scratch;  // for reading; holds nothing between two events
    ConnectionLimits limits;

    // Decodes and answers the request by Connection::answer(), now or later. False: the connection must be closed; the
    // reason has been logged.
    std::function<bool(Connection&, SlotId, const Bytes& frame)> dispatch;
    std::function<void(Connection&)> closed;
};

struct ClientInfo {
    std::string address;      // "127.0.0.1:51234"
    std::string listener;     // "PLAINTEXT"
    bool is_relayed = false;  // it is connected to another broker, which has handed on one request
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(ConnectionHost& host, std::unique_ptr<Stream> stream, ClientInfo client);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start();

    // Gives the slot its answer. Once for every slot; without effect after close().
    void answer(SlotId slot, wire::EncodedFrame frame);
    void answer_nothing(SlotId slot) { answer(slot, {}); }  // Produce with acks=0

    // For a request whose answer may be large: `work`, which answers the slot, is run when no other such request of
    // this client is under way and the answers before it are nearly gone. A client that asks ahead and doesn't read has
    // the memory of one answer, not of each; he loses nothing, since answers leave in the order of the requests anyway.
    void in_turn(SlotId slot, std::function<void()> work);

    // Called if the connection is closed before the slot is answered: long polls let go of what they wait for.
    void on_close(SlotId slot, std::function<void()> call);
    RequestTimes& times(SlotId slot);

    // Reads no more requests for that long, at least. Answers are sent.
    void throttle(Duration time);

    // No more requests are taken; what is under way is still answered, but nobody waits for a long poll.
    void finish();

    // Logs a reason that is worth a line. Closing again does nothing.
    void close(std::string_view reason);
    bool is_open() const { return is_open_; }

    const ClientInfo& client() const { return client_; }
    // How much an answer may hold without keeping memory from others; a client that doesn't read has little.
    size_t answer_bytes_room() const;

    void remember_client_id(std::string_view id) { client_id_ = id; }

    // What the client says that it is (KIP-511).
    struct Software {
        std::string name = "unknown";
        std::string version = "unknown";
    };
    void remember_software(Software software) { software_ = std::move(software); }
    const Software& software() const { return software_; }

    // The client was told to look for another leader or coordinator, though this broker may know of none but itself.
    void send_away() { is_sent_away_ = true; }
    bool is_sent_away() const { return is_sent_away_; }

    // Since when the client neither sends nor takes anything, though it is its turn; nothing while we owe an answer.
    std::optional<Instant> silent_since() const;
    // Bytes of the budget that only this client can set free: by sending the rest of a frame, or by reading.
    size_t bytes_held_by_client() const;

  private:
    struct Slot {
        bool is_answered = false;
        size_t request_bytes = 0;
        wire::EncodedFrame answer;
        size_t memory_bytes = 0;  // of the answer
        std::function<void()> on_close;
        RequestTimes times;
    };
    struct Turn {
        SlotId slot = 0;
        std::function<void()> work;
    };
    // Why the reader reads, or doesn't.
    enum class Reading : uint8_t { ready, waits_for_data, waits_for_answers, waits_for_budget, throttled };

    void read();
    bool read_frame_rest();
    bool read_frame_begins();
    void take_frames(std::span<const std::byte> input);
    bool begin_frame(size_t bytes);
    void charge_more();
    void frame_complete();
    void wait_for_data();
    void await_throttle_end();
    bool is_throttled() const;
    void resume();

    void flush();
    void flush_soon();
    void take_turns();
    void take_turns_soon();
    // The unsent bytes of the answered front: as many parts as there is room for up to the next range of a file, and
    // the begin of that range.
    struct Outgoing {
        size_t parts_count = 0;
        std::optional<FileRange> range;
        Instant answered{};  // when the answer was made that the range is of
    };
    Outgoing gather(std::span<iovec> parts, Instant now);
    void load(const FileRange& range);
    void written(size_t bytes);
    void pop_front(Instant now);

    Slot& slot(SlotId id);
    bool is_over_limits(size_t bytes) const;
    bool take_budget(size_t bytes);
    void progressed(size_t bytes, bool is_whole);

    ConnectionHost& host_;
    const std::unique_ptr<Stream> stream_;
    const ClientInfo client_;
    std::string client_id_;  // of the last request, for log lines
    Software software_;

    // Reading
    Reading reading_ = Reading::ready;
    bool is_in_read_ = false;             // answers given meanwhile are sent together at its end
    std::vector<std::byte> leftover_;     // the begin of a frame that is not admitted, or of its length
    std::shared_ptr<std::byte[]> frame_;  // being read; null between frames
    size_t frame_bytes_ = 0;              // its length
    size_t frame_charged_ = 0;            // to the budget, <= frame_bytes_
    size_t frame_filled_ = 0;             // <= frame_charged_
    size_t granted_bytes_ = 0;            // taken from the budget for the frame that begins next
    size_t begin_bytes_;                  // how much to read where a frame may begin
    Instant throttled_until_;

    // Answering
    std::deque<Slot> slots_;
    SlotId front_ = 0;           // the id of slots_.front()
    size_t requests_bytes_ = 0;  // of all slots
    size_t answers_bytes_ = 0;   // of all answered slots
    size_t answers_memory_bytes_ = 0;
    size_t front_written_ = 0;  // of the front's answer
    std::deque<Turn> turns_;    // that wait; of an open connection
    std::optional<SlotId> turn_under_way_;
    bool is_waiting_to_write_ = false;
    bool is_flush_posted_ = false;
    bool is_range_cached_ = false;  // what is sent next, if that is a range of a file
    bool is_loading_ = false;       // that range

    bool is_open_ = true;
    bool is_sent_away_ = false;
    bool is_finishing_ = false;
    size_t progress_bytes_ = 0;  // moved since last_progress_
    Instant last_progress_;
};

}  // namespace milena::server
