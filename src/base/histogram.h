// Latencies in buckets of at most 1/32 relative width: percentiles without keeping the samples.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/nanoseconds.h"

namespace portico {

class Histogram {
  public:
    void add(Nanoseconds value_ns) {
        const auto value = static_cast<std::uint64_t>(value_ns < 0 ? 0 : value_ns);
        ++buckets_[index_of(value)];
        ++count_;
        if (value > max_) max_ = value;
    }

    std::uint64_t count() const { return count_; }
    Nanoseconds max_ns() const { return static_cast<Nanoseconds>(max_); }

    // The smallest bucket bound that at least `percent` of the samples do not exceed; 0 without samples.
    Nanoseconds percentile_ns(double percent) const {
        if (count_ == 0) return 0;
        const double wanted = percent / 100.0 * static_cast<double>(count_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > 0 && static_cast<double>(seen) >= wanted) {
                const auto bound = upper_of(i);
                return static_cast<Nanoseconds>(bound < max_ ? bound : max_);
            }
        }
        return max_ns();
    }

  private:
    static constexpr unsigned sub_bits = 5;
    static std::size_t index_of(std::uint64_t value) {
        if (value < (1u << sub_bits)) return value;
        const unsigned shift = 63u - std::countl_zero(value) - sub_bits;
        return ((shift + 1) << sub_bits) + ((value >> shift) & ((1u << sub_bits) - 1));
    }
    static std::uint64_t upper_of(std::size_t index) {
        if (index < (1u << sub_bits)) return index;
        const unsigned shift = static_cast<unsigned>(index >> sub_bits) - 1;
        const std::uint64_t base = (1u << sub_bits) + (index & ((1u << sub_bits) - 1));
        return ((base + 1) << shift) - 1;
    }

    std::array<std::uint64_t, (64 - sub_bits + 1) << sub_bits> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace portico
