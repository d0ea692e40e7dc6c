// Incremental fetch sessions (KIP-227): filled in with Fetch.
#pragma once

namespace milena::server {
class FetchSessions {};
}  // namespace milena::server
