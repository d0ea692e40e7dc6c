// What every handler includes, precompiled: asio and the messages cost a file more than its own code. Not to be
// included by name; every file still includes what it uses.
#pragma once

#include "base/base_pch.h"
#include "server/by_shard.h"
#include "server/handlers/handlers.h"
