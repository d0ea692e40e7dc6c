// The one unit in which Asio's own functions are compiled; all others see declarations only.
#include <asio/impl/src.hpp>
