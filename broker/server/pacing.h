// Pacing: whether connections are held to a rate by timers. BBR does so, where a system has it as its default, on
// loopback as well, where no network can be congested: of what sending from the page cache costs, that is half.
//
// A socket that was under BBR for one moment is paced for ever, whatever algorithm it is given later. So a listener
// begins without, its connections inherit that, and those that come over a network are given what the system says.
// Where the system's default doesn't pace, nothing is touched. Any thread.
#pragma once

namespace milena::server {

void accept_unpaced(int listener);
void pace_as_system(int connection);

}  // namespace milena::server
