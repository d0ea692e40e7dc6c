// ControllerRegistrar: sees to it that the metadata log says which feature levels the program of this controller can
// read (KIP-919), so that no level is finalized that would end it, and where it is. Registers once in each run, and
// again when it is to be found elsewhere; only with a metadata.version that has a record for it. Lives on the first
// shard; decides nothing.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "controller/controller.h"
#include "server/controller_gate.h"
#include "shard/loop.h"

namespace milena {

class ControllerRegistrar {
  public:
    // All outlive the registrar.
    struct Environment {
        shard::Loop& loop;  // of the first shard
        server::ControllerGate& gate;
        const controller::Controller& controller;
    };
    ControllerRegistrar(const Environment& environment, controller::ControllerRegistration registration);
    ~ControllerRegistrar();
    ControllerRegistrar(const ControllerRegistrar&) = delete;
    ControllerRegistrar& operator=(const ControllerRegistrar&) = delete;

    // Every shard uses a newer image.
    void image_changed();
    // To be registered with the next image.
    void use_endpoints(std::vector<metadata::Endpoint> endpoints) { registration_.endpoints = std::move(endpoints); }

  private:
    bool is_due() const;
    void answered(const Result<void>& outcome);

    const Environment environment_;
    controller::ControllerRegistration registration_;
    bool is_asking_ = false;
    shard::TimerId timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena
