// Which clients a subscription of client metrics is about: patterns for their attributes, all of which must fit. A
// pattern is matched in linear time, whatever a client calls itself. A value.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace milena::server {

// By Kafka's names: client_instance_id, client_id, client_software_name, …
using ClientAttributes = std::map<std::string, std::string, std::less<>>;

class ClientMatch {
  public:
    // The setting `match`: attribute=pattern,…. An entry that makes no sense matches nobody.
    static ClientMatch parse(std::string_view text);

    bool fits(const ClientAttributes& client) const;

  private:
    std::map<std::string, std::shared_ptr<const re2::RE2>> patterns_;
    bool is_broken_ = false;
};

}  // namespace milena::server
