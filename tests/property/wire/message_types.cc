#include "property/wire/message_types.h"

namespace milena::wire {

const std::vector<MessageType>& message_types() {
    static const std::vector<MessageType> types = [] {
        std::vector<MessageType> all = request_types();
        for (const MessageType& type : response_types()) all.push_back(type);
        for (const MessageType& type : record_types()) all.push_back(type);
        return all;
    }();
    return types;
}

}  // namespace milena::wire
