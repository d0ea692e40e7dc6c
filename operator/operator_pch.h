// The precompiled header of the operator: what the broker's has, and JSON, which costs more than all the rest. Not to
// be included by name.
#pragma once

#include <nlohmann/json.hpp>

#include "base/base_pch.h"
