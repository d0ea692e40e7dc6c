// How often partitions have got another leader, by kind, as this controller has decided. Plain counts.
#pragma once

#include <cstdint>

#include "metadata/image.h"
#include "metadata/record.h"

namespace milena::controller {

struct ElectionCounts {
    uint64_t preferred = 0;  // back to the first replica, from one that could have gone on
    uint64_t clean = 0;      // by one that has everything, because the former one can't lead any more
    uint64_t unclean = 0;    // by one that may lack what was acknowledged

    // The record is about to change the image.
    void count(const metadata::Image& before, const metadata::Record& record);
};

}  // namespace milena::controller
