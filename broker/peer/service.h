// What one of the gRPC services looks like to the server that it is registered on.
#pragma once

namespace grpc {
class Service;
}

namespace milena::peer {

class Service {
  public:
    Service() = default;
    virtual ~Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    virtual grpc::Service& service() = 0;
    // The server ends: that calls break from now on says nothing about those who made them. Any thread.
    virtual void server_ends() {}
};

}  // namespace milena::peer
