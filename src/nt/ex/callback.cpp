// Callback objects: named lists of routines that one driver notifies and others register for.
#include "base/check.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "nt/ex/tracked.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

struct _CALLBACK_OBJECT {
    LIST_ENTRY registrations;  // in the order of their registration
    bool many;
};

namespace portico::nt::ex {
namespace {

struct Registration {
    LIST_ENTRY link;
    PCALLBACK_OBJECT object;
    PCALLBACK_FUNCTION function;
    void* context;
    ULONG busy;  // calls that run now
    bool unregistering;
    KEVENT idle;
};

void remove_registration(Registration& r) {
    RemoveEntryList(&r.link);
    void* const object = r.object;
    destroy(&r);
    ob::dereference(object);
}

// Enters the registration's routine; unregistering waits until nobody is in there.
void call(Registration& r, void* argument1, void* argument2) {
    ++r.busy;
    {
        DriverCall driver_call("CallbackFunction", reinterpret_cast<const void*>(r.function));
        r.function(r.context, argument1, argument2);
    }
    if (--r.busy == 0 && r.unregistering) ke::set_event(&r.idle);
}

void notify(PCALLBACK_OBJECT object, void* argument1, void* argument2) {
    ob::reference(object);
    for (PLIST_ENTRY e = object->registrations.Flink; e != &object->registrations;) {
        auto& r = *CONTAINING_RECORD(e, Registration, link);
        ++r.busy;  // it stays on the list until the next one is known
        if (!r.unregistering) call(r, argument1, argument2);
        e = e->Flink;
        if (--r.busy == 0 && r.unregistering) ke::set_event(&r.idle);
    }
    ob::dereference(object);
}

PCALLBACK_OBJECT make_callback(bool many, const void* frame) {
    void* const body = frame == nullptr ? ob::allocate(&ob::callback_type, sizeof(_CALLBACK_OBJECT))
                                        : ob::allocate(&ob::callback_type, sizeof(_CALLBACK_OBJECT), frame);
    auto* const object = static_cast<PCALLBACK_OBJECT>(body);
    if (object == nullptr) return nullptr;
    InitializeListHead(&object->registrations);
    object->many = many;
    return object;
}

NTSTATUS create(PCALLBACK_OBJECT* result, const OBJECT_ATTRIBUTES& attributes, bool may_create, bool many,
                const void* frame) {
    *result = nullptr;
    const bool named = attributes.ObjectName != nullptr && attributes.ObjectName->Length != 0;
    if (named) {
        ob::Lookup lookup;
        lookup.type = &ob::callback_type;
        void* body = nullptr;
        const NTSTATUS status = ob::find(attributes, lookup, &body);
        if (NT_SUCCESS(status)) {
            ob::hand_to_driver(body, frame);
            *result = static_cast<PCALLBACK_OBJECT>(body);
            return STATUS_SUCCESS;
        }
        if (!may_create || status != STATUS_OBJECT_NAME_NOT_FOUND) return status;
    } else if (!may_create) {
        return STATUS_UNSUCCESSFUL;
    }
    PCALLBACK_OBJECT const object = make_callback(many, frame);
    if (object == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    ob::Naming naming;
    naming.name = attributes.ObjectName;
    naming.root = attributes.RootDirectory;
    naming.attributes = attributes.Attributes & ~OBJ_OPENIF;
    const NTSTATUS status = ob::insert_name(object, naming, nullptr);
    if (!NT_SUCCESS(status)) {
        ob::dereference(object);
        return status;
    }
    *result = object;
    return STATUS_SUCCESS;
}

}  // namespace

void create_callbacks() {
    for (const char16_t* name :
         {u"\\Callback\\SetSystemTime", u"\\Callback\\PowerState", u"\\Callback\\ProcessorAdd"}) {
        PCALLBACK_OBJECT const object = make_callback(true, nullptr);
        PORTICO_CHECK(object != nullptr);
        const UNICODE_STRING path = ob::string(name);
        ob::Naming naming;
        naming.name = &path;
        naming.attributes = OBJ_PERMANENT | OBJ_CASE_INSENSITIVE;
        PORTICO_CHECK(NT_SUCCESS(ob::insert_name(object, naming, nullptr)));
        ob::dereference(object);
    }
}

}  // namespace portico::nt::ex

namespace portico::nt::ob {

_OBJECT_TYPE callback_type{{.name = "Callback", .tag = 'llaC', .valid_access = STANDARD_RIGHTS_ALL | 1}};

}  // namespace portico::nt::ob

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
                                BOOLEAN Create, BOOLEAN AllowMultipleCallbacks) {
    DDI(ExCreateCallback, PASSIVE_LEVEL);
    return ex::create(CallbackObject, *ObjectAttributes, Create != FALSE, AllowMultipleCallbacks != FALSE,
                      FRAME);
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext) {
    DDI(ExRegisterCallback, APC_LEVEL);
    if (!CallbackObject->many && !IsListEmpty(&CallbackObject->registrations)) return nullptr;
    auto* const r = ex::make<ex::Registration>(NonPagedPool, ex::callback_tag);
    if (r == nullptr) return nullptr;
    r->object = CallbackObject;
    r->function = CallbackFunction;
    r->context = CallbackContext;
    ke::initialize_event(&r->idle, NotificationEvent, false);
    InsertTailList(&CallbackObject->registrations, &r->link);
    ob::reference(CallbackObject);
    ex::track(ex::TrackedKind::callback_registration, r, sizeof *r, ex::callback_tag, FRAME);
    return r;
}

VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration) {
    DDI(ExUnregisterCallback, APC_LEVEL);
    if (!ex::untrack(ex::TrackedKind::callback_registration, CallbackRegistration)) {
        PORTICO_PROBE(object_misuse, 0xC4, CallbackRegistration,
                      "The driver unregistered a callback that is not registered.");
        return;
    }
    auto& r = *static_cast<ex::Registration*>(CallbackRegistration);
    r.unregistering = true;
    while (r.busy != 0) ke::wait(&r.idle, KernelMode, false, nullptr);
    ex::remove_registration(r);
}

VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2) {
    DDI(ExNotifyCallback, DISPATCH_LEVEL);
    ex::notify(static_cast<PCALLBACK_OBJECT>(CallbackObject), Argument1, Argument2);
}

}  // extern "C"
