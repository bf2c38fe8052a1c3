#include "nt/ex/work.h"

#include <array>

#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"

namespace portico::nt::ex {
namespace {

// What waits is kept here, not in the driver's list links: a driver that frees or overwrites a queued item is
// told about instead of leading the system astray.
constexpr unsigned item_limit = 16384;  // docs/limits.md
constexpr unsigned worker_limit = 8;    // of one queue
constexpr unsigned priority_count = 32;

struct Node {
    PWORK_QUEUE_ITEM item;
    Node* next;
};

struct WorkQueue {
    Node* head;
    Node* tail;
    unsigned length;
    unsigned workers;
    unsigned idle;
    KSEMAPHORE ready;
};

struct Work {
    std::array<Node, item_limit> nodes;
    unsigned nodes_used;
    Node* free;
    unsigned waiting;
    // One queue a priority: a queue type is the priority of its workers.
    std::array<WorkQueue, priority_count> queues;
};
constinit Work work{};

struct QueueType {
    unsigned priority;
    const char* worker;
};

constexpr std::array<QueueType, MaximumWorkQueue> queue_types{{
    {13, "critical worker"},
    {12, "delayed worker"},
    {15, "hypercritical worker"},
    {8, "normal worker"},
    {7, "background worker"},
    {18, "real-time worker"},
    {14, "supercritical worker"},
}};

QueueType type_of(ULONG queue) {
    if (queue < queue_types.size()) return queue_types[queue];
    const ULONG priority = queue - CustomPriorityWorkQueue;
    return {priority < priority_count ? priority : 8, "custom worker"};
}

Node* take_node() {
    if (Node* const node = work.free) {
        work.free = node->next;
        return node;
    }
    return work.nodes_used < item_limit ? &work.nodes[work.nodes_used++] : nullptr;
}

void give_node(Node* node) {
    node->next = work.free;
    work.free = node;
}

PWORK_QUEUE_ITEM pop(WorkQueue& queue) {
    Node* const node = queue.head;
    if (node == nullptr) return nullptr;  // taken out because its memory was freed
    queue.head = node->next;
    if (queue.head == nullptr) queue.tail = nullptr;
    --queue.length;
    --work.waiting;
    PWORK_QUEUE_ITEM const item = node->item;
    give_node(node);
    return item;
}

void run(PWORK_QUEUE_ITEM item) {
    PWORKER_THREAD_ROUTINE const routine = item->WorkerRoutine;
    void* const parameter = const_cast<void*>(item->Parameter);
    item->List.Flink = nullptr;  // from here on the routine may free it or queue it again
    DriverCall call("WorkerRoutine", reinterpret_cast<const void*>(routine));
    routine(parameter);
}

void NTAPI worker(void* context) {
    WorkQueue& queue = *static_cast<WorkQueue*>(context);
    ke::set_priority(*ke::current_thread(), static_cast<KPRIORITY>(&queue - work.queues.data()));
    for (;;) {
        ++queue.idle;
        ke::wait(&queue.ready, KernelMode, false, nullptr);
        --queue.idle;
        if (PWORK_QUEUE_ITEM const item = pop(queue)) run(item);
    }
}

void tell(ULONG code, const void* item, const char* text) {
    PORTICO_PROBE(object_misuse, code, item, text);
}

// Calls visit(queue, link) for every waiting node; visit returns true to take it out.
template <class Visit>
void for_each_node(Visit&& visit) {
    if (work.waiting == 0) return;
    for (WorkQueue& queue : work.queues) {
        Node* before = nullptr;
        for (Node* node = queue.head; node != nullptr;) {
            Node* const next = node->next;
            if (!visit(*node)) {
                before = node;
            } else {
                (before == nullptr ? queue.head : before->next) = next;
                if (queue.tail == node) queue.tail = before;
                --queue.length;
                --work.waiting;
                give_node(node);
            }
            node = next;
        }
    }
}

}  // namespace

bool runs_work_items(const KTHREAD& thread) {
    return thread.start == worker;
}

void reset_work() {
    work.nodes_used = work.waiting = 0;
    work.free = nullptr;
    for (WorkQueue& queue : work.queues) {
        if (queue.workers == 0 && queue.head == nullptr) continue;
        queue = WorkQueue{};
    }
}

void queue_work_item(PWORK_QUEUE_ITEM item, ULONG type) {
    if (item->List.Flink != nullptr && work_item_queued(item)) {
        tell(INVALID_WORK_QUEUE_ITEM, item, "The driver queued a work item that is in a queue already.");
        return;
    }
    if (item->List.Flink != nullptr) {
        tell(INVALID_WORK_QUEUE_ITEM, item, "The driver queued a work item without ExInitializeWorkItem.");
    }
    Node* const node = take_node();
    if (node == nullptr) {
        tell(WORKER_INVALID, item, "More work items wait than the system keeps: this one is not run.");
        return;
    }
    const QueueType queue_type = type_of(type);
    WorkQueue& queue = work.queues[queue_type.priority];
    ke::DispatcherLock lock;
    if (queue.workers == 0) ke::initialize_semaphore(&queue.ready, 0, MAXLONG);
    *node = {item, nullptr};
    item->List.Flink = item->List.Blink = &item->List;
    (queue.tail == nullptr ? queue.head : queue.tail->next) = node;
    queue.tail = node;
    ++queue.length;
    ++work.waiting;
    // A worker that waits inside a routine must not hold up the others.
    if (queue.length > queue.idle && queue.workers < worker_limit &&
        NT_SUCCESS(ps::create_thread(*ps::system_process(), queue_type.worker, worker, &queue, nullptr))) {
        ++queue.workers;
    }
    ke::release_semaphore(&queue.ready, 1);
}

bool work_item_queued(const WORK_QUEUE_ITEM* item) {
    bool found = false;
    for_each_node([&](const Node& node) {
        found |= node.item == item;
        return false;
    });
    return found;
}

void for_each_left_work_item(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                             void* context) {
    for_each_node([&](const Node& node) {
        const auto routine = reinterpret_cast<std::uint64_t>(node.item->WorkerRoutine);
        if (image.size != 0 && !image.contains(routine)) return false;
        LeftBehind left{};
        left.kind = LeftKind::work_item;
        left.address = reinterpret_cast<std::uint64_t>(node.item);
        left.size = sizeof(WORK_QUEUE_ITEM);
        left.what = "WORK_QUEUE_ITEM";
        left.made.frames[0] = routine;
        visit(left, context);
        return false;
    });
}

void forget_work_items_in(std::uint64_t address, std::uint64_t size) {
    for_each_node([&](const Node& node) {
        if (reinterpret_cast<std::uint64_t>(node.item) - address >= size) return false;
        tell(WORKER_INVALID, node.item, "The driver freed memory that holds a queued work item.");
        return true;
    });
}

}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType) {
    DDI(ExQueueWorkItem, DISPATCH_LEVEL);
    ex::queue_work_item(WorkItem, QueueType);
}
