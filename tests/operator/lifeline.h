// Between an operator and everything outside of it: counts its calls, and kills it at one of them.
#pragma once

namespace milena {

// Thrown out of a call, it ends an operator as a signal would: none of its code runs any more.
struct Killed {};

class Lifeline {
  public:
    enum class Kill {
        never,
        before,  // the call doesn't arrive
        after,   // it takes effect, and nobody hears of that
    };

    // Calls count from now on, the first as 0.
    void begin(Kill kill = Kill::never, int at = 0) {
        kill_ = kill;
        at_ = at;
        calls_ = 0;
    }
    int calls() const { return calls_; }

    template <class F>
    auto call(F effect) {
        const bool is_last = kill_ != Kill::never && calls_ == at_;
        ++calls_;
        if (is_last && kill_ == Kill::before) throw Killed{};
        auto answer = effect();
        if (is_last) throw Killed{};
        return answer;
    }

  private:
    Kill kill_ = Kill::never;
    int at_ = 0;
    int calls_ = 0;
};

}  // namespace milena
