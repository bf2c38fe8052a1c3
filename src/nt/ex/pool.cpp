#include "nt/ex/pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/ex/freed_objects.h"
#include "sim/arena.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace portico::nt::ex {

bool (*refuse_allocation)(std::size_t size, ULONG tag) = nullptr;

namespace {

constexpr std::uint32_t page_size = sim::page_size;
constexpr std::uint32_t page_count = sim::nonpaged_range.size / page_size;
static_assert(sim::nonpaged_range.size == sim::paged_range.size);

// Between two blocks lie at least this many bytes that nobody owns: where Windows has its pool header, an
// overrun by one byte is seen here.
constexpr std::uint32_t guard_bytes = 16;
constexpr std::uint32_t guard_checked_max = 64;
constexpr std::uint32_t none = 0;  // record 0 is never used
constexpr std::uint32_t no_page = UINT32_MAX;
// The bug check of a driver that uses freed memory, as bugcodes.h of the WDK has it.
constexpr ULONG driver_page_fault_in_freed_special_pool = 0xD5;

// ---- size classes: blocks of one stride in a page ----

constexpr std::array<std::uint16_t, 25> strides{32,  48,  64,  80,  96,   112,  128, 144, 160,
                                                176, 192, 208, 224, 240,  256,  320, 384, 448,
                                                512, 576, 672, 816, 1024, 1360, 2048};
constexpr std::uint8_t large_class = strides.size();
constexpr std::uint32_t stride_max = strides.back();

// Freed blocks that wait before one is used again, so that use after free is seen and not hidden by a new
// owner.
constexpr std::array<std::uint8_t, strides.size()> make_quarantine() {
    std::array<std::uint8_t, strides.size()> result{};
    for (std::size_t i = 0; i < strides.size(); ++i)
        result[i] = strides[i] <= 128 ? 16 : strides[i] <= 512 ? 8 : 2;
    return result;
}
constexpr auto quarantine = make_quarantine();

// The class of a stride in units of 16 bytes.
constexpr std::array<std::uint8_t, stride_max / 16 + 1> make_class_of(std::uint32_t alignment) {
    std::array<std::uint8_t, stride_max / 16 + 1> result{};
    for (std::uint32_t units = 0; units < result.size(); ++units) {
        std::uint8_t c = 0;
        while (strides[c] < units * 16 || strides[c] % alignment != 0) ++c;
        result[units] = c;
    }
    return result;
}
constexpr auto class_of = make_class_of(16);
constexpr auto aligned_class_of = make_class_of(64);

// offset / stride by multiplication: exact for every offset in a page.
constexpr std::array<std::uint32_t, strides.size()> make_reciprocals() {
    std::array<std::uint32_t, strides.size()> result{};
    for (std::size_t i = 0; i < strides.size(); ++i) result[i] = ((1u << 19) + strides[i] - 1) / strides[i];
    return result;
}
constexpr auto reciprocals = make_reciprocals();
constexpr bool reciprocals_exact() {
    for (std::size_t i = 0; i < strides.size(); ++i) {
        for (std::uint32_t offset = 0; offset < page_size; offset += 16) {
            if (offset * reciprocals[i] >> 19 != offset / strides[i]) return false;
        }
    }
    return true;
}
static_assert(reciprocals_exact());

// ---- what is known of blocks and pages ----

enum class State : std::uint8_t { unused, live, freed };

struct Record {
    std::uint64_t address;
    std::uint64_t size;
    ULONG tag;
    std::uint32_t next;    // in the queue of freed ones
    std::uint32_t stride;  // bytes of the pool it takes
    std::uint16_t type;    // POOL_TYPE's bits
    State state;
    bool internal;
    Origin made;
    Origin freed;
};

struct Page {
    std::uint32_t record = none;  // of its first block; of the large block that covers it
    std::uint16_t carved = 0;     // blocks handed out so far; small classes only
    std::uint8_t size_class = 0;
    bool dirty = false;  // belonged to a large block once
};

struct Queue {
    std::uint32_t head = none;
    std::uint32_t tail = none;
    std::uint32_t length = 0;
};

struct SizeClass {
    Queue freed;
    std::uint32_t page = no_page;  // where new blocks are carved
};

struct Run {
    std::uint32_t start;
    std::uint32_t count;
};

// Records of both pools; a page of small blocks takes as many in a row as it has blocks.
constexpr std::uint32_t record_limit = 1u << 21;
struct Records {
    Record* all = nullptr;
    std::uint32_t used = 1;
    Queue large_freed;

    std::uint32_t take(std::uint32_t count) {
        if (record_limit - used < count) return none;
        const std::uint32_t first = used;
        used += count;
        return first;
    }
    Record& operator[](std::uint32_t index) { return all[index]; }
};
Records records;

void push(Queue& queue, std::uint32_t index) {
    records[index].next = none;
    (queue.tail == none ? queue.head : records[queue.tail].next) = index;
    queue.tail = index;
    ++queue.length;
}

std::uint32_t pop(Queue& queue) {
    const std::uint32_t index = queue.head;
    queue.head = records[index].next;
    if (queue.head == none) queue.tail = none;
    --queue.length;
    return index;
}

// Apart from the pools, so that they take no room in the program's file.
struct Tables {
    std::array<Page, page_count> pages;
    // Free runs below a pool's top, by address. A run for which there is no room is not used again before
    // reset().
    std::array<Run, 4096> runs;
};
constinit Tables nonpaged_tables{};
constinit Tables paged_tables{};

struct Pool {
    sim::AddressRange range;
    std::array<Page, page_count>& pages;
    std::array<Run, 4096>& runs;
    std::array<SizeClass, strides.size()> classes{};
    std::uint32_t top = 0;  // pages from here on were never used
    std::uint32_t run_count = 0;
    PoolUse use{};

    std::uint32_t page_of(std::uint64_t address) const {
        return static_cast<std::uint32_t>((address - range.base) / page_size);
    }
    std::uint64_t address_of(std::uint32_t page) const {
        return range.base + std::uint64_t{page} * page_size;
    }
};

Pool nonpaged{sim::nonpaged_range, nonpaged_tables.pages, nonpaged_tables.runs};
Pool paged{sim::paged_range, paged_tables.pages, paged_tables.runs};

Pool* pool_of(std::uint64_t address) {
    if (sim::nonpaged_range.contains(address)) return &nonpaged;
    if (sim::paged_range.contains(address)) return &paged;
    return nullptr;
}

// ---- AddressSanitizer's view: what no block owns is poisoned ----

void poison(std::uint64_t address, std::uint64_t size) {
#ifdef PORTICO_ASAN
    ASAN_POISON_MEMORY_REGION(reinterpret_cast<void*>(address), size);
#else
    (void)address, (void)size;
#endif
}

void unpoison(std::uint64_t address, std::uint64_t size) {
#ifdef PORTICO_ASAN
    ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(address), size);
#else
    (void)address, (void)size;
#endif
}

unsigned char* bytes(std::uint64_t address) {
    return reinterpret_cast<unsigned char*>(address);
}

// Small blocks are filled and compared sixteen bytes at a time, without a call: this runs with every
// allocation.
using Chunk = std::uint64_t __attribute__((vector_size(16)));

Chunk load(std::uint64_t address) {
    Chunk chunk;
    __builtin_memcpy(&chunk, bytes(address), sizeof chunk);
    return chunk;
}

void store(std::uint64_t address, Chunk chunk) {
    __builtin_memcpy(bytes(address), &chunk, sizeof chunk);
}

Chunk chunk_of(unsigned char value) {
    const std::uint64_t word = value * 0x0101010101010101ull;
    return Chunk{word, word};
}

// `size` is at least 16.
void fill(std::uint64_t address, std::uint64_t size, unsigned char value) {
    constexpr std::uint64_t worth_a_call = 512;
    if (size > worth_a_call) {
        std::memset(bytes(address), value, size);
        return;
    }
    const Chunk pattern = chunk_of(value);
    for (std::uint64_t i = 0; i + 16 <= size; i += 16) store(address + i, pattern);
    store(address + size - 16, pattern);
}

bool filled_with(std::uint64_t address, std::uint64_t size, unsigned char value) {
    const Chunk pattern = chunk_of(value);
    Chunk different = load(address + size - 16) ^ pattern;
    for (std::uint64_t i = 0; i + 16 <= size; i += 16) different |= load(address + i) ^ pattern;
    return (different[0] | different[1]) == 0;
}

// ---- pages ----

std::uint32_t take_pages(Pool& pool, std::uint32_t count) {
    for (std::uint32_t i = 0; i < pool.run_count; ++i) {
        Run& run = pool.runs[i];
        if (run.count < count) continue;
        const std::uint32_t start = run.start;
        run.start += count;
        run.count -= count;
        if (run.count == 0) {
            std::copy(pool.runs.begin() + i + 1, pool.runs.begin() + pool.run_count, pool.runs.begin() + i);
            --pool.run_count;
        }
        return start;
    }
    if (page_count - pool.top < count) return no_page;
    const std::uint32_t start = pool.top;
    pool.top += count;
    return start;
}

void give_pages(Pool& pool, std::uint32_t start, std::uint32_t count) {
    std::uint32_t i = 0;
    while (i < pool.run_count && pool.runs[i].start < start) ++i;
    const bool joins_before = i > 0 && pool.runs[i - 1].start + pool.runs[i - 1].count == start;
    const bool joins_after = i < pool.run_count && start + count == pool.runs[i].start;
    if (joins_before && joins_after) {
        pool.runs[i - 1].count += count + pool.runs[i].count;
        std::copy(pool.runs.begin() + i + 1, pool.runs.begin() + pool.run_count, pool.runs.begin() + i);
        --pool.run_count;
    } else if (joins_before) {
        pool.runs[i - 1].count += count;
    } else if (joins_after) {
        pool.runs[i].start = start;
        pool.runs[i].count += count;
    } else if (pool.run_count < pool.runs.size()) {
        std::copy_backward(pool.runs.begin() + i, pool.runs.begin() + pool.run_count,
                           pool.runs.begin() + pool.run_count + 1);
        pool.runs[i] = {start, count};
        ++pool.run_count;
    }
}

// ---- misuse ----

Subject subject_of(const Record& record) {
    Subject subject;
    subject.kind = "pool block";
    subject.address = record.address;
    subject.size = record.size;
    subject.tag = record.tag;
    subject.made = record.made;
    subject.last = record.freed;
    return subject;
}

Subject subject_at(std::uint64_t address) {
    Subject subject;
    subject.kind = "pool block";
    subject.address = address;
    return subject;
}

void check_still_freed(const Record& record) {
    unpoison(record.address, record.stride);
    if (!filled_with(record.address, record.stride, freed_fill)) {
        PORTICO_PROBE(pool_misuse, driver_page_fault_in_freed_special_pool, subject_of(record),
                      record.address, "A pool block was written to after it had been freed.");
        fill(record.address, record.stride, freed_fill);
    }
    poison(record.address, record.stride);
}

std::uint64_t guard_size(const Record& record) {
    return std::min<std::uint64_t>(record.stride - record.size, guard_checked_max);
}

// The first damaged byte of the guard, which is unpoisoned afterwards; 0: none is.
std::uint64_t damaged_guard(const Record& record) {
    const std::uint64_t guard = record.address + record.size;
    unpoison(guard, guard_size(record));
    if (filled_with(guard, guard_size(record), guard_fill)) return 0;
    std::uint64_t damaged = guard;
    while (*bytes(damaged) == guard_fill) ++damaged;
    return damaged;
}

void check_guard(const Record& record) {
    const std::uint64_t damaged = damaged_guard(record);
    if (damaged == 0) return;
    PORTICO_PROBE(pool_misuse, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, subject_of(record), damaged,
                  "The driver wrote past the end of a pool block.");
}

// ---- blocks ----

std::uint32_t carve(Pool& pool, std::uint8_t size_class) {
    SizeClass& c = pool.classes[size_class];
    const std::uint32_t stride = strides[size_class];
    const std::uint32_t blocks = page_size / stride;
    if (c.page == no_page || pool.pages[c.page].carved == blocks) {
        const std::uint32_t page = take_pages(pool, 1);
        if (page == no_page) return none;
        const std::uint32_t first = records.take(blocks);
        if (first == none) {
            give_pages(pool, page, 1);
            return none;
        }
        Page& p = pool.pages[page];
        p = {first, 0, size_class, p.dirty};
        poison(pool.address_of(page), page_size);
        c.page = page;
    }
    Page& page = pool.pages[c.page];
    const std::uint32_t index = page.record + page.carved;
    records[index].address = pool.address_of(c.page) + page.carved * stride;
    records[index].stride = stride;
    ++page.carved;
    return index;
}

std::uint32_t take_small(Pool& pool, std::uint8_t size_class) {
    Queue& freed = pool.classes[size_class].freed;
    if (freed.length <= quarantine[size_class]) {
        const std::uint32_t index = carve(pool, size_class);
        if (index != none || freed.length == 0) return index;
    }
    const std::uint32_t index = pop(freed);
    check_still_freed(records[index]);
    return index;
}

std::uint32_t take_large(Pool& pool, std::size_t size) {
    const std::uint64_t pages = (size + guard_bytes + page_size - 1) / page_size;
    if (size > sim::nonpaged_range.size || pages > page_count) return none;
    const std::uint32_t start = take_pages(pool, static_cast<std::uint32_t>(pages));
    if (start == no_page) return none;
    // Old records are used again late, so that a block freed twice is still known.
    constexpr std::uint32_t history = 64;
    std::uint32_t index = records.large_freed.length < history ? records.take(1) : none;
    if (index == none && records.large_freed.length > 0) index = pop(records.large_freed);
    if (index == none) {
        give_pages(pool, start, static_cast<std::uint32_t>(pages));
        return none;
    }
    for (std::uint32_t i = start; i < start + pages; ++i) pool.pages[i] = {index, 0, large_class, true};
    records[index].address = pool.address_of(start);
    records[index].stride = static_cast<std::uint32_t>(pages * page_size);
    poison(records[index].address, records[index].stride);
    return index;
}

std::uint32_t take(Pool& pool, bool cache_aligned, std::size_t size) {
    const std::size_t stride = ((size + 15) & ~std::size_t{15}) + guard_bytes;
    if (size >= page_size || stride > stride_max) return take_large(pool, size);
    return take_small(pool, (cache_aligned ? aligned_class_of : class_of)[stride / 16]);
}

// Every stride has room for sixteen bytes behind the block: what is filled too far is the guard's, which
// comes second.
void prepare(Record& record, bool zero) {
    unpoison(record.address, record.stride);
    fill(record.address, std::max<std::uint64_t>(record.size, guard_bytes), zero ? 0 : uninitialised_fill);
    fill(record.address + record.size, guard_size(record), guard_fill);
    poison(record.address, record.stride);
    unpoison(record.address, record.size);
}

Record* allocate_record(POOL_TYPE type, std::size_t size, ULONG tag) {
    constexpr ULONG paged_bit = 1;
    constexpr ULONG cache_aligned_bit = 4;
    Pool& pool = (type & paged_bit) != 0 ? paged : nonpaged;
    const std::uint32_t index = take(pool, (type & cache_aligned_bit) != 0, size);
    if (index == none) return nullptr;
    Record& record = records[index];
    record.size = size;
    record.tag = tag;
    record.type = static_cast<std::uint16_t>(type);
    record.state = State::live;
    prepare(record, (type & POOL_ZERO_ALLOCATION) != 0);
    ++pool.use.blocks;
    ++pool.use.allocations;
    pool.use.bytes += size;
    return &record;
}

// The record of the block whose memory, slack included, contains `address`; null: there is none.
Record* record_at(std::uint64_t address) {
    const Pool* const pool = pool_of(address);
    if (pool == nullptr) return nullptr;
    const std::uint32_t index = pool->page_of(address);
    if (index >= pool->top) return nullptr;
    const Page& page = pool->pages[index];
    if (page.record == none) return nullptr;
    if (page.size_class == large_class) {
        Record& record = records[page.record];
        return address - record.address < record.stride ? &record : nullptr;
    }
    const auto slot = static_cast<std::uint32_t>(address % page_size) * reciprocals[page.size_class] >> 19;
    return slot < page.carved ? &records[page.record + slot] : nullptr;
}

std::uint32_t why_not_a_block(std::uint64_t address) {
    if (address == 0) return 0x46;
    if (address < sim::user_probe_address) return 0x40;
    if (sim::nonpaged_range.contains(address)) return 0x41;
    if (sim::paged_range.contains(address)) return 0x50;
    return 0x42;
}

void* allocate_without_origin(POOL_TYPE type, std::size_t size, ULONG tag, bool internal) {
    Record* const record = allocate_record(type, size, tag);
    if (record == nullptr) return nullptr;
    record->internal = internal;
    record->made = Origin{};
    return bytes(record->address);
}

// The live block at exactly `address`; null after telling what is wrong.
Record* block_to_free(std::uint64_t address) {
    Record* const record = record_at(address);
    if (record == nullptr) {
        PORTICO_PROBE(pool_misuse, BAD_POOL_CALLER, subject_at(address), why_not_a_block(address),
                      address == 0 ? "The driver freed a null pointer."
                                   : "The driver freed an address that no pool allocation gave it.");
        return nullptr;
    }
    if (record->state != State::live) {
        PORTICO_PROBE(pool_misuse, BAD_POOL_CALLER, subject_of(*record), 0x07,
                      "The driver freed a pool block that had been freed already.");
        return nullptr;
    }
    if (record->address != address) {
        PORTICO_PROBE(pool_misuse, BAD_POOL_CALLER, subject_of(*record), 0x99,
                      "The driver freed an address inside a pool block, not the block's own.");
        return nullptr;
    }
    return record;
}

void check_tag(const Record& record, ULONG tag) {
    // A block of a protected tag must be freed with it (ExFreePoolWithTag).
    const bool any = tag == 0 && (record.tag & PROTECTED_POOL) == 0;
    if (any || tag == record.tag) return;
    PORTICO_PROBE(pool_misuse, BAD_POOL_CALLER, subject_of(record), 0x0A | std::uint64_t{tag} << 32,
                  "The driver freed a pool block with another tag than it had allocated it with.");
}

void release(Pool& pool, Record& record) {
    const auto index = static_cast<std::uint32_t>(&record - records.all);
    check_guard(record);
    const std::uint32_t page = pool.page_of(record.address);
    const bool large = pool.pages[page].size_class == large_class;
    unpoison(record.address, record.stride);
    fill(record.address, large ? std::max<std::uint64_t>(record.size, guard_bytes) : record.stride,
         freed_fill);
    poison(record.address, record.stride);
    record.state = State::freed;
    --pool.use.blocks;
    pool.use.bytes -= record.size;
    if (large) {
        give_pages(pool, page, record.stride / page_size);
        push(records.large_freed, index);
    } else {
        push(pool.classes[pool.pages[page].size_class].freed, index);
    }
}

void fill_in(const Record& record, PoolBlock& block) {
    block.address = record.address;
    block.size = record.size;
    block.tag = record.tag;
    block.type = static_cast<POOL_TYPE>(record.type);
    block.live = record.state == State::live;
    block.internal = record.internal;
    block.made = record.made;
    block.freed = record.freed;
}

// Calls visit(record) for every block there is or was, by address.
template <class Visit>
void for_each_record(Pool& pool, Visit&& visit) {
    for (std::uint32_t i = 0; i < pool.top; ++i) {
        const Page& page = pool.pages[i];
        if (page.record == none) continue;
        if (page.size_class == large_class) {
            if (records[page.record].address == pool.address_of(i)) visit(records[page.record]);
            continue;
        }
        for (std::uint32_t k = 0; k < page.carved; ++k) visit(records[page.record + k]);
    }
}

void reset(Pool& pool) {
    constexpr std::uint32_t pages_worth_discarding = 1024;
    const bool discard = pool.top > pages_worth_discarding;
    unpoison(pool.range.base, std::uint64_t{pool.top} * page_size);
    if (discard) sim::discard({pool.range.base, std::uint64_t{pool.top} * page_size});
    for (std::uint32_t i = 0; i < pool.top; ++i) {
        Page& page = pool.pages[i];
        if (!discard) {
            const std::size_t used =
                page.dirty ? page_size : std::size_t{page.carved} * strides[page.size_class];
            std::memset(bytes(pool.address_of(i)), 0, used);
        }
        page = Page{};
    }
    pool.top = pool.run_count = 0;
    pool.classes.fill(SizeClass{});
    pool.use = PoolUse{};
}

}  // namespace

void reset_pool() {
    sim::reserve_arena();
    if (records.all == nullptr) {
        void* const memory =
            ::mmap(nullptr, std::size_t{record_limit} * sizeof(Record), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        PORTICO_CHECK(memory != MAP_FAILED);
        records.all = static_cast<Record*>(memory);
    }
    reset(nonpaged);
    reset(paged);
    records.used = 1;
    records.large_freed = Queue{};
    refuse_allocation = nullptr;
}

void* allocate(POOL_TYPE type, std::size_t size, ULONG tag) {
    return allocate(type, size, tag, __builtin_frame_address(0));
}

void* allocate(POOL_TYPE type, std::size_t size, ULONG tag, const void* frame) {
    if (refuse_allocation != nullptr && refuse_allocation(size, tag)) return nullptr;
    Record* const record = allocate_record(type, size, tag);
    if (record == nullptr) return nullptr;
    record->internal = false;
    capture_origin(record->made, frame);
    return bytes(record->address);
}

void* allocate_internal(POOL_TYPE type, std::size_t size, ULONG tag) {
    return allocate_without_origin(type, size, tag, true);
}

void* allocate_for_driver(POOL_TYPE type, std::size_t size, ULONG tag) {
    return allocate_without_origin(type, size, tag, false);
}

void free(void* address, ULONG tag) {
    free(address, tag, __builtin_frame_address(0));
}

void free(void* address, ULONG tag, const void* frame) {
    Record* const record = block_to_free(reinterpret_cast<std::uint64_t>(address));
    if (record == nullptr) return;
    check_tag(*record, tag);
    if (record->internal) {
        record->freed = Origin{};
    } else {
        constexpr std::uint64_t smallest_object = sizeof(KEVENT);
        if (record->size >= smallest_object) forget_objects_in(record->address, record->size);
        capture_origin(record->freed, frame);
    }
    release(*pool_of(record->address), *record);
}

bool owns(const void* address) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    const Record* const record = record_at(wanted);
    return record != nullptr && record->state == State::live &&
           wanted - record->address < std::max<std::uint64_t>(record->size, 1);
}

bool find_block(const void* address, PoolBlock& block) {
    const Record* const record = record_at(reinterpret_cast<std::uint64_t>(address));
    if (record == nullptr) return false;
    fill_in(*record, block);
    return true;
}

void for_each_live_block(sim::AddressRange image, void (*visit)(const PoolBlock& block, void* context),
                         void* context) {
    const auto report = [&](const Record& record) {
        if (record.state != State::live || record.internal || !made_by(record.made, image)) return;
        PoolBlock block;
        fill_in(record, block);
        visit(block, context);
    };
    for_each_record(nonpaged, report);
    for_each_record(paged, report);
}

void check_freed_blocks() {
    const auto check = [](const Record& record) {
        if (record.state == State::freed && !record.internal && record.stride <= stride_max)
            check_still_freed(record);
    };
    for_each_record(nonpaged, check);
    for_each_record(paged, check);
}

std::uint64_t take_overrun(const void* address) {
    const Record* const record = record_at(reinterpret_cast<std::uint64_t>(address));
    if (record == nullptr || record->state != State::live) return 0;
    const std::uint64_t damaged = damaged_guard(*record);
    const std::uint64_t guard = record->address + record->size;
    if (damaged != 0) fill(guard, guard_size(*record), guard_fill);
    poison(guard, guard_size(*record));
    return damaged;
}

PoolUse pool_use(bool of_paged) {
    return of_paged ? paged.use : nonpaged.use;
}

bool made_by(const Origin& origin, sim::AddressRange image) {
    if (image.size == 0) return true;
    for (const std::uint64_t frame : origin.frames) {
        if (sim::image_range.contains(frame)) return image.contains(frame);
    }
    return false;
}

}  // namespace portico::nt::ex
