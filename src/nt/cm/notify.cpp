#include "nt/cm/notify.h"

#include <array>

#include "nt/cm/key_object.h"
#include "nt/ex/work.h"
#include "nt/ke/ke.h"

namespace portico::nt::cm {
namespace {

constexpr unsigned watch_limit = 256;

struct Watch {
    KeyBody* body;  // null: free
    WatchRequest request;
};

struct Watches {
    std::array<Watch, watch_limit> all;
    unsigned count = 0;  // that wait
};
constinit Watches watches{};

void complete(Watch& watch, NTSTATUS status) {
    const WatchRequest request = watch.request;
    watch.body = nullptr;
    --watches.count;
    if (request.status != nullptr) {
        request.status->Status = status;
        request.status->Information = 0;
    }
    if (request.event != nullptr) {
        ke::set_event(request.event);
        if (request.event_is_object) ob::dereference(request.event);
    }
    if (request.item != nullptr) ex::queue_work_item(request.item, request.queue);
}

bool concerns(const Watch& watch, const Key& key, ULONG filter) {
    if ((watch.request.filter & filter) == 0) return false;
    if (watch.body->key == &key) return true;
    if (!watch.request.tree) return false;
    for (const Key* k = key.parent; k != nullptr; k = k->parent) {
        if (watch.body->key == k) return true;
    }
    return false;
}

}  // namespace

NTSTATUS watch(KeyBody& body, const WatchRequest& request) {
    for (Watch& watch : watches.all) {
        if (watch.body != nullptr) continue;
        watch = {&body, request};
        ++watches.count;
        return STATUS_PENDING;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

void tell_watchers(const Key& key, ULONG filter) {
    if (watches.count == 0) return;
    for (Watch& watch : watches.all) {
        if (watch.body != nullptr && concerns(watch, key, filter)) complete(watch, STATUS_NOTIFY_ENUM_DIR);
    }
}

void end_watches(KeyBody& body) {
    if (watches.count == 0) return;
    for (Watch& watch : watches.all) {
        if (watch.body == &body) complete(watch, STATUS_NOTIFY_CLEANUP);
    }
}

void reset_watches() {
    if (watches.count == 0) return;
    for (Watch& watch : watches.all) watch.body = nullptr;
    watches.count = 0;
}

}  // namespace portico::nt::cm
