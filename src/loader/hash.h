// XXH64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): names the content of a driver file. No defence
// against forgery.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace portico::loader {

class Xxh64 {
  public:
    static std::uint64_t of(std::span<const std::byte> data) {
        const std::byte* at = data.data();
        std::size_t left = data.size();
        std::uint64_t hash = left >= 32 ? stripes(at, left) : prime5;
        hash += data.size();
        for (; left >= 8; at += 8, left -= 8) {
            hash = std::rotl(hash ^ round(0, read<std::uint64_t>(at)), 27) * prime1 + prime4;
        }
        if (left >= 4) {
            hash = std::rotl(hash ^ (read<std::uint32_t>(at) * prime1), 23) * prime2 + prime3;
            at += 4;
            left -= 4;
        }
        for (; left > 0; ++at, --left)
            hash = std::rotl(hash ^ (std::to_integer<std::uint64_t>(*at) * prime5), 11) * prime1;
        return avalanche(hash);
    }

  private:
    static constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F,
                                   prime3 = 0x165667B19E3779F9, prime4 = 0x85EBCA77C2B2AE63,
                                   prime5 = 0x27D4EB2F165667C5;

    template <class T>
    static T read(const std::byte* at) {
        T value;
        std::memcpy(&value, at, sizeof value);
        return value;
    }

    static std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
        return std::rotl(lane + input * prime2, 31) * prime1;
    }

    static std::uint64_t stripes(const std::byte*& at, std::size_t& left) {
        std::uint64_t lanes[4] = {prime1 + prime2, prime2, 0, 0 - prime1};
        for (; left >= 32; left -= 32) {
            for (auto& lane : lanes) {
                lane = round(lane, read<std::uint64_t>(at));
                at += 8;
            }
        }
        std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                             std::rotl(lanes[3], 18);
        for (const auto lane : lanes) hash = (hash ^ round(0, lane)) * prime1 + prime4;
        return hash;
    }

    static std::uint64_t avalanche(std::uint64_t hash) {
        hash = (hash ^ (hash >> 33)) * prime2;
        hash = (hash ^ (hash >> 29)) * prime3;
        return hash ^ (hash >> 32);
    }
};

}  // namespace portico::loader
