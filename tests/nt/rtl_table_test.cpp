// Generic tables: AVL trees and splay trees against std::map, their structure, and tables that a driver
// broke.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

#include "driver_checks.h"
#include "kernel.h"
#include "misuse.h"
#include "ntddk.h"
#include "verifier/rules.h"

namespace rtl_table_test {
namespace {

using namespace portico;
using test::Kernel;
using test::MisuseLog;

struct Item {
    int key;
    int value;
};

// What the driver's routines did, and what they are told to do.
struct Driver {
    std::vector<void*> blocks;
    CLONG last_size = 0;
    bool no_memory = false;
    bool keeps_blocks = false;  // does not give them back
    int nonsense = 0;           // what the compare routine returns, when not 0
};
Driver driver;

template <class Table>
RTL_GENERIC_COMPARE_RESULTS NTAPI compare(Table*, PVOID first, PVOID second) {
    if (driver.nonsense != 0) return static_cast<RTL_GENERIC_COMPARE_RESULTS>(driver.nonsense);
    const int a = static_cast<Item*>(first)->key, b = static_cast<Item*>(second)->key;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

// Keys of the same ten are equal.
RTL_GENERIC_COMPARE_RESULTS NTAPI compare_tens(RTL_AVL_TABLE*, PVOID first, PVOID second) {
    const int a = static_cast<Item*>(first)->key / 10, b = static_cast<Item*>(second)->key / 10;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

template <class Table>
PVOID NTAPI allocate(Table*, CLONG size) {
    driver.last_size = size;
    if (driver.no_memory) return nullptr;
    driver.blocks.push_back(ExAllocatePoolWithTag(NonPagedPoolNx, size, 'lbaT'));
    return driver.blocks.back();
}

template <class Table>
VOID NTAPI free_block(Table*, PVOID block) {
    const auto found = std::find(driver.blocks.begin(), driver.blocks.end(), block);
    ASSERT_NE(found, driver.blocks.end());
    if (driver.keeps_blocks) return;
    driver.blocks.erase(found);
    ExFreePoolWithTag(block, 'lbaT');
}

// The two families under the same names.
struct Avl {
    using Table = RTL_AVL_TABLE;
    using Links = RTL_BALANCED_LINKS;
    static constexpr std::size_t header = sizeof(Links);
    static constexpr auto initialize = RtlInitializeGenericTableAvl;
    static constexpr auto insert = RtlInsertElementGenericTableAvl;
    static constexpr auto insert_full = RtlInsertElementGenericTableFullAvl;
    static constexpr auto remove = RtlDeleteElementGenericTableAvl;
    static constexpr auto lookup = RtlLookupElementGenericTableAvl;
    static constexpr auto lookup_full = RtlLookupElementGenericTableFullAvl;
    static constexpr auto enumerate = RtlEnumerateGenericTableAvl;
    static constexpr auto enumerate_from = RtlEnumerateGenericTableWithoutSplayingAvl;
    static constexpr auto get = RtlGetElementGenericTableAvl;
    static constexpr auto count = RtlNumberGenericTableElementsAvl;
    static constexpr auto is_empty = RtlIsGenericTableEmptyAvl;
    static Links* root(Table& table) { return table.BalancedRoot.RightChild; }
    static bool is_root(Table& table, Links* node) { return node->Parent == &table.BalancedRoot; }
};

struct Splay {
    using Table = RTL_GENERIC_TABLE;
    using Links = RTL_SPLAY_LINKS;
    static constexpr std::size_t header = sizeof(Links) + sizeof(LIST_ENTRY);
    static constexpr auto initialize = RtlInitializeGenericTable;
    static constexpr auto insert = RtlInsertElementGenericTable;
    static constexpr auto insert_full = RtlInsertElementGenericTableFull;
    static constexpr auto remove = RtlDeleteElementGenericTable;
    static constexpr auto lookup = RtlLookupElementGenericTable;
    static constexpr auto lookup_full = RtlLookupElementGenericTableFull;
    static constexpr auto enumerate = RtlEnumerateGenericTable;
    static constexpr auto enumerate_from = RtlEnumerateGenericTableWithoutSplaying;
    static constexpr auto get = RtlGetElementGenericTable;
    static constexpr auto count = RtlNumberGenericTableElements;
    static constexpr auto is_empty = RtlIsGenericTableEmpty;
    static Links* root(Table& table) { return table.TableRoot; }
    static bool is_root(Table&, Links* node) { return node->Parent == node; }
};

template <class Family>
struct RtlTable : ::testing::Test {
    using Links = typename Family::Links;

    void SetUp() override {
        driver = {};
        Family::initialize(&table, compare, allocate, free_block, this);
    }
    void in_kernel(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }

    Item* insert(int key, int value = 0) {
        Item item{key, value};
        return static_cast<Item*>(Family::insert(&table, &item, sizeof item, nullptr));
    }
    bool remove(int key) {
        Item item{key, 0};
        return Family::remove(&table, &item) != FALSE;
    }
    Item* lookup(int key) {
        Item item{key, 0};
        return static_cast<Item*>(Family::lookup(&table, &item));
    }
    static Links* links(Item* item) {
        return reinterpret_cast<Links*>(reinterpret_cast<char*>(item) - Family::header);
    }
    static Item* item(Links* node) {
        return reinterpret_cast<Item*>(reinterpret_cast<char*>(node) + Family::header);
    }
    int key(Links* node) { return item(node)->key; }

    std::vector<int> enumerate() {
        std::vector<int> keys;
        for (void* e = Family::enumerate(&table, TRUE); e != nullptr; e = Family::enumerate(&table, FALSE))
            keys.push_back(static_cast<Item*>(e)->key);
        return keys;
    }
    std::vector<int> enumerate_from_key() {
        std::vector<int> keys;
        void* restart = nullptr;
        while (void* e = Family::enumerate_from(&table, &restart)) {
            EXPECT_EQ(restart, links(static_cast<Item*>(e)));
            keys.push_back(static_cast<Item*>(e)->key);
        }
        return keys;
    }
    std::vector<int> by_index() {
        std::vector<int> keys;
        for (ULONG i = 0; void* e = Family::get(&table, i); ++i) keys.push_back(static_cast<Item*>(e)->key);
        return keys;
    }
    // Keys in order, after parents and children have been compared.
    std::vector<int> walk() {
        std::vector<int> keys;
        std::vector<Links*> path;
        Links* node = Family::root(table);
        if (node != nullptr) EXPECT_TRUE(Family::is_root(table, node));
        while (node != nullptr || !path.empty()) {
            for (; node != nullptr; node = node->LeftChild) {
                for (Links* child : {node->LeftChild, node->RightChild}) {
                    if (child != nullptr) EXPECT_EQ(child->Parent, node);
                }
                path.push_back(node);
            }
            node = path.back();
            path.pop_back();
            keys.push_back(key(node));
            node = node->RightChild;
        }
        return keys;
    }
    void empty() {
        while (void* first = Family::enumerate(&table, TRUE)) ASSERT_TRUE(Family::remove(&table, first));
        EXPECT_TRUE(driver.blocks.empty());
    }

    Kernel kernel;
    MisuseLog misuse;
    typename Family::Table table;
};

using RtlAvlTable = RtlTable<Avl>;
using RtlSplayTable = RtlTable<Splay>;

// The subtree's height; each node's balance is the difference of its children's.
int balanced_height(RTL_BALANCED_LINKS* node) {
    if (node == nullptr) return 0;
    const int left = balanced_height(node->LeftChild), right = balanced_height(node->RightChild);
    EXPECT_EQ(node->Balance, right - left);
    EXPECT_LE(std::abs(right - left), 1);
    return std::max(left, right) + 1;
}

std::vector<int> keys_of(const std::map<int, int>& model) {
    std::vector<int> keys;
    for (const auto& [key, value] : model) keys.push_back(key);
    return keys;
}

template <class Test, class Check>
void run_random(Test& t, unsigned seed, Check check) {
    std::mt19937 random(seed);
    std::map<int, int> model;
    for (int step = 0; step < 3000; ++step) {
        const int key = static_cast<int>(random() % 200);
        // Grows, shrinks, grows.
        const bool grow = random() % 4 < (step / 700 % 2 == 0 ? 3u : 1u);
        if (grow) {
            Item* const made = t.insert(key, step);
            ASSERT_NE(made, nullptr);
            EXPECT_EQ(made->value, model.try_emplace(key, step).first->second);
        } else {
            EXPECT_EQ(t.remove(key), model.erase(key) == 1);
        }
        const int other = static_cast<int>(random() % 200);
        Item* const found = t.lookup(other);
        ASSERT_EQ(found != nullptr, model.count(other) == 1);
        if (found != nullptr) EXPECT_EQ(found->value, model[other]);
        ASSERT_EQ(driver.blocks.size(), model.size());
        if (step % 16 == 0) {
            ASSERT_EQ(t.walk(), keys_of(model));
            check(model);
        }
    }
    EXPECT_EQ(t.enumerate(), keys_of(model));
    EXPECT_EQ(t.enumerate_from_key(), keys_of(model));
    t.empty();
    EXPECT_EQ(t.misuse.size(), 0u);
}

TEST_F(RtlAvlTable, IsAMapAndBalanced) {
    in_kernel([&] {
        for (unsigned seed = 1; seed <= 4; ++seed) {
            run_random(*this, seed, [&](const std::map<int, int>& model) {
                EXPECT_EQ(balanced_height(Avl::root(table)), static_cast<int>(table.DepthOfTree));
                EXPECT_EQ(RtlNumberGenericTableElementsAvl(&table), model.size());
                EXPECT_EQ(RtlIsGenericTableEmptyAvl(&table), model.empty());
                EXPECT_EQ(by_index(), keys_of(model)) << "the index counts in order";
            });
            EXPECT_EQ(table.DepthOfTree, 0u);
            EXPECT_EQ(table.BalancedRoot.LeftChild, nullptr);
        }
    });
}

TEST_F(RtlSplayTable, IsAMap) {
    in_kernel([&] {
        for (unsigned seed = 1; seed <= 4; ++seed) {
            run_random(*this, seed, [&](const std::map<int, int>& model) {
                EXPECT_EQ(RtlNumberGenericTableElements(&table), model.size());
                EXPECT_EQ(RtlIsGenericTableEmpty(&table), model.empty());
                EXPECT_EQ(by_index().size(), model.size());
            });
            EXPECT_TRUE(IsListEmpty(&table.InsertOrderList));
        }
    });
}

template <class Family>
void insert_says_what_is_new(RtlTable<Family>& t) {
    Item item{7, 1};
    BOOLEAN is_new = FALSE;
    auto* const first = static_cast<Item*>(Family::insert(&t.table, &item, sizeof item, &is_new));
    EXPECT_TRUE(is_new);
    EXPECT_NE(first, &item);
    EXPECT_EQ(first->value, 1);
    EXPECT_EQ(driver.last_size, sizeof item + Family::header);
    item.value = 2;
    EXPECT_EQ(Family::insert(&t.table, &item, sizeof item, &is_new), first);
    EXPECT_FALSE(is_new);
    EXPECT_EQ(first->value, 1) << "the element that was there stays as it is";
    driver.no_memory = true;
    is_new = TRUE;
    Item other{8, 0};
    EXPECT_EQ(Family::insert(&t.table, &other, sizeof other, &is_new), nullptr);
    EXPECT_FALSE(is_new);
    driver.no_memory = false;
    EXPECT_EQ(Family::insert(&t.table, &other, 0xFFFFFFF0, &is_new), nullptr) << "more than 4 GiB in all";
    EXPECT_EQ(t.walk(), std::vector<int>{7});
    EXPECT_EQ(t.misuse.size(), 0u);
}

TEST_F(RtlAvlTable, InsertSaysWhatIsNew) {
    in_kernel([&] { insert_says_what_is_new<Avl>(*this); });
}

TEST_F(RtlSplayTable, InsertSaysWhatIsNew) {
    in_kernel([&] { insert_says_what_is_new<Splay>(*this); });
}

template <class Family>
void search_gives_the_place(RtlTable<Family>& t) {
    void* place = &t;
    TABLE_SEARCH_RESULT result = TableFoundNode;
    Item key{20, 0};
    const auto look = [&](int wanted) {
        key.key = wanted;
        return static_cast<Item*>(Family::lookup_full(&t.table, &key, &place, &result));
    };
    EXPECT_EQ(look(20), nullptr);
    EXPECT_EQ(result, TableEmptyTree);
    EXPECT_EQ(place, &t) << "left as it is";
    BOOLEAN is_new = FALSE;
    EXPECT_NE(Family::insert_full(&t.table, &key, sizeof key, &is_new, place, result), nullptr);
    EXPECT_TRUE(is_new);
    EXPECT_EQ(look(10), nullptr);
    EXPECT_EQ(result, TableInsertAsLeft);
    EXPECT_EQ(t.key(static_cast<typename Family::Links*>(place)), 20);
    EXPECT_NE(Family::insert_full(&t.table, &key, sizeof key, &is_new, place, result), nullptr);
    EXPECT_EQ(look(30), nullptr);
    EXPECT_EQ(result, TableInsertAsRight);
    EXPECT_NE(Family::insert_full(&t.table, &key, sizeof key, nullptr, place, result), nullptr);
    Item* const found = look(20);
    EXPECT_EQ(result, TableFoundNode);
    EXPECT_EQ(place, t.links(found));
    EXPECT_EQ(Family::insert_full(&t.table, &key, sizeof key, &is_new, place, result), found);
    EXPECT_FALSE(is_new);
    EXPECT_EQ(t.walk(), (std::vector<int>{10, 20, 30}));
    EXPECT_EQ(t.misuse.size(), 0u);

    // A place that is taken, and results that are none.
    t.insert(40);
    key.key = 50;
    place = Family::root(t.table);
    EXPECT_EQ(Family::insert_full(&t.table, &key, sizeof key, &is_new, place, TableInsertAsLeft), nullptr);
    EXPECT_EQ(Family::insert_full(&t.table, &key, sizeof key, &is_new, nullptr, TableEmptyTree), nullptr);
    EXPECT_EQ(
        Family::insert_full(&t.table, &key, sizeof key, &is_new, place, static_cast<TABLE_SEARCH_RESULT>(9)),
        nullptr);
    EXPECT_EQ(Family::insert_full(&t.table, &key, sizeof key, &is_new, nullptr, TableInsertAsLeft), nullptr);
    EXPECT_EQ(t.misuse.codes(), std::vector<std::uint32_t>(4, nt::driver_verifier_detected_violation));
    EXPECT_EQ(t.walk(), (std::vector<int>{10, 20, 30, 40}));
}

TEST_F(RtlAvlTable, SearchGivesThePlace) {
    in_kernel([&] { search_gives_the_place<Avl>(*this); });
}

TEST_F(RtlSplayTable, SearchGivesThePlace) {
    in_kernel([&] { search_gives_the_place<Splay>(*this); });
}

TEST_F(RtlSplayTable, LookedUpElementsBecomeTheRoot) {
    in_kernel([&] {
        for (int key = 0; key < 50; ++key) {
            Item* const made = insert(key);
            EXPECT_EQ(table.TableRoot, links(made));
        }
        for (const int key : {0, 49, 25, 24}) EXPECT_EQ(table.TableRoot, links(lookup(key)));
        EXPECT_EQ(lookup(50), nullptr);
        EXPECT_EQ(key(table.TableRoot), 24) << "what is not found moves nothing";
        Item* const first = static_cast<Item*>(RtlEnumerateGenericTable(&table, TRUE));
        EXPECT_EQ(table.TableRoot, links(first));
        EXPECT_EQ(enumerate().size(), 50u);
        EXPECT_EQ(key(table.TableRoot), 49);
        RTL_SPLAY_LINKS* const root = table.TableRoot;
        EXPECT_EQ(enumerate_from_key().size(), 50u);
        EXPECT_EQ(table.TableRoot, root);
    });
}

TEST_F(RtlSplayTable, IndexIsTheOrderOfInsertion) {
    in_kernel([&] {
        std::vector<int> order;
        for (int i = 0; i < 40; ++i) {
            order.push_back(i * 17 % 41);
            insert(order.back());
        }
        EXPECT_EQ(by_index(), order);
        EXPECT_EQ(RtlGetElementGenericTable(&table, 40), nullptr);
        EXPECT_EQ(RtlGetElementGenericTable(&table, 0xFFFFFFFF), nullptr);
        for (const int index : {39, 0, 20, 21, 19, 3, 36, 36}) {
            EXPECT_EQ(static_cast<Item*>(RtlGetElementGenericTable(&table, index))->key, order[index]);
            EXPECT_EQ(table.WhichOrderedElement, index + 1u);
            EXPECT_EQ(reinterpret_cast<char*>(table.OrderedPointer) + sizeof(LIST_ENTRY),
                      static_cast<char*>(RtlGetElementGenericTable(&table, index)));
        }
        EXPECT_TRUE(remove(order[5]));
        EXPECT_EQ(table.WhichOrderedElement, 0u);
        EXPECT_EQ(table.OrderedPointer, &table.InsertOrderList);
        order.erase(order.begin() + 5);
        EXPECT_EQ(by_index(), order) << "later ones move up";
    });
}

TEST_F(RtlAvlTable, IndexIsForgottenWhenTheOrderChanges) {
    in_kernel([&] {
        for (int key = 10; key < 60; ++key) insert(key);
        for (const int index : {49, 0, 25, 26, 24, 3}) {
            auto* const element = static_cast<Item*>(RtlGetElementGenericTableAvl(&table, index));
            EXPECT_EQ(element->key, index + 10);
            EXPECT_EQ(table.WhichOrderedElement, index + 1u);
            EXPECT_EQ(table.OrderedPointer, links(element));
        }
        insert(0);
        EXPECT_EQ(table.WhichOrderedElement, 0u);
        EXPECT_EQ(static_cast<Item*>(RtlGetElementGenericTableAvl(&table, 4))->key, 13);
        EXPECT_EQ(RtlGetElementGenericTableAvl(&table, 51), nullptr);
        remove(0);
        EXPECT_EQ(table.OrderedPointer, nullptr);
        EXPECT_EQ(static_cast<Item*>(RtlGetElementGenericTableAvl(&table, 4))->key, 14);
    });
}

TEST_F(RtlAvlTable, EnumerationGoesOnAfterADeletion) {
    in_kernel([&] {
        for (int key = 0; key < 6; ++key) insert(key);
        const auto next = [&](BOOLEAN restart) {
            auto* const element = static_cast<Item*>(RtlEnumerateGenericTableAvl(&table, restart));
            return element == nullptr ? -1 : element->key;
        };
        EXPECT_EQ(next(TRUE), 0);
        EXPECT_EQ(next(FALSE), 1);
        EXPECT_EQ(next(FALSE), 2);
        EXPECT_EQ(table.RestartKey, links(lookup(2)));
        remove(2);
        EXPECT_EQ(table.RestartKey, links(lookup(1)));
        EXPECT_EQ(table.DeleteCount, 1u);
        EXPECT_EQ(next(FALSE), 3);
        EXPECT_EQ(next(TRUE), 0);
        remove(0);
        EXPECT_EQ(next(FALSE), 1) << "the first one was deleted";
        EXPECT_EQ(next(FALSE), 3);
        EXPECT_EQ(next(FALSE), 4);
        EXPECT_EQ(next(FALSE), 5);
        EXPECT_EQ(next(FALSE), -1);
        EXPECT_EQ(next(FALSE), -1);
    });
}

NTSTATUS NTAPI match_odd_below(RTL_AVL_TABLE*, PVOID user_data, PVOID match_data) {
    const int key = static_cast<Item*>(user_data)->key;
    if (key >= *static_cast<int*>(match_data)) return STATUS_NO_MORE_MATCHES;
    return key % 2 == 1 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

TEST_F(RtlAvlTable, EnumeratesLikeADirectory) {
    in_kernel([&] {
        for (int key = 0; key < 10; ++key) insert(key);
        void* restart = nullptr;
        ULONG deletions = 0;
        int end = 8;
        Item from{2, 0};
        const auto next = [&](ULONG flag, PRTL_AVL_MATCH_FUNCTION match) {
            auto* const element = static_cast<Item*>(RtlEnumerateGenericTableLikeADirectory(
                &table, match, &end, flag, &restart, &deletions, &from));
            return element == nullptr ? -1 : element->key;
        };
        EXPECT_EQ(next(FALSE, nullptr), 2) << "the one that the buffer names";
        EXPECT_EQ(restart, links(lookup(2)));
        EXPECT_EQ(next(FALSE, nullptr), 2) << "where it left off";
        EXPECT_EQ(next(TRUE, nullptr), 3);
        EXPECT_EQ(next(TRUE, match_odd_below), 5);
        EXPECT_EQ(next(TRUE, match_odd_below), 7);
        EXPECT_EQ(next(TRUE, match_odd_below), -1);
        EXPECT_EQ(restart, nullptr);
        EXPECT_EQ(next(TRUE, nullptr), 3) << "the one after what the buffer names";
        // What RestartKey points to is gone: the buffer counts.
        remove(3);
        EXPECT_EQ(next(TRUE, nullptr), 4);
        EXPECT_EQ(deletions, 1u);
        EXPECT_EQ(next(TRUE, nullptr), 5);
        restart = nullptr;
        from.key = 3;
        EXPECT_EQ(next(TRUE, nullptr), 4) << "the next one when what the buffer names is gone";
        restart = nullptr;
        EXPECT_EQ(next(FALSE, nullptr), 4);
        from.key = 99;
        restart = nullptr;
        EXPECT_EQ(next(FALSE, nullptr), -1);
        empty();
        EXPECT_EQ(next(FALSE, nullptr), -1);
    });
}

TEST_F(RtlAvlTable, FirstOfSeveralThatMatch) {
    in_kernel([&] {
        for (int key = 10; key < 60; ++key) insert(key);
        table.CompareRoutine = compare_tens;
        void* restart = nullptr;
        for (int tens = 1; tens < 6; ++tens) {
            Item wanted{tens * 10 + 5, 0};
            auto* const first =
                static_cast<Item*>(RtlLookupFirstMatchingElementGenericTableAvl(&table, &wanted, &restart));
            ASSERT_NE(first, nullptr);
            EXPECT_EQ(first->key, tens * 10);
            EXPECT_EQ(restart, links(first));
            auto* const next =
                static_cast<Item*>(RtlEnumerateGenericTableWithoutSplayingAvl(&table, &restart));
            EXPECT_EQ(next->key, tens * 10 + 1);
        }
        Item absent{75, 0};
        EXPECT_EQ(RtlLookupFirstMatchingElementGenericTableAvl(&table, &absent, &restart), nullptr);
    });
}

TEST_F(RtlAvlTable, DeletesWhatASearchFound) {
    in_kernel([&] {
        for (int key = 0; key < 20; ++key) insert(key);
        void* place = nullptr;
        TABLE_SEARCH_RESULT result = TableEmptyTree;
        Item key{11, 0};
        ASSERT_NE(RtlLookupElementGenericTableFullAvl(&table, &key, &place, &result), nullptr);
        RtlDeleteElementGenericTableAvlEx(&table, place);
        EXPECT_EQ(lookup(11), nullptr);
        EXPECT_EQ(walk().size(), 19u);
        EXPECT_EQ(balanced_height(Avl::root(table)), static_cast<int>(table.DepthOfTree));
        EXPECT_EQ(misuse.size(), 0u);
        RtlDeleteElementGenericTableAvlEx(&table, nullptr);
        RtlDeleteElementGenericTableAvlEx(&table, &table.BalancedRoot);
        EXPECT_EQ(misuse.codes(), std::vector<std::uint32_t>(2, KERNEL_SECURITY_CHECK_FAILURE));
        EXPECT_EQ(walk().size(), 19u);
    });
}

struct Node : RTL_SPLAY_LINKS {
    int key;
};

// 0 to count - 1, as a row to the right.
std::vector<Node> row(int count) {
    std::vector<Node> nodes(count);
    for (int i = 0; i < count; ++i) {
        nodes[i].key = i;
        RtlInitializeSplayLinks(&nodes[i]);
        if (i != 0) RtlInsertAsRightChild(&nodes[i - 1], &nodes[i]);
    }
    return nodes;
}

std::vector<int> forward(PRTL_SPLAY_LINKS root) {
    std::vector<int> keys;
    while (root->LeftChild != nullptr) root = root->LeftChild;
    for (PRTL_SPLAY_LINKS node = root; node != nullptr; node = RtlRealSuccessor(node))
        keys.push_back(static_cast<Node*>(node)->key);
    return keys;
}

std::vector<int> backward(PRTL_SPLAY_LINKS root) {
    std::vector<int> keys;
    while (root->RightChild != nullptr) root = root->RightChild;
    for (PRTL_SPLAY_LINKS node = root; node != nullptr; node = RtlRealPredecessor(node))
        keys.insert(keys.begin(), static_cast<Node*>(node)->key);
    return keys;
}

struct RtlSplayLinks : ::testing::Test {
    Kernel kernel;
    MisuseLog misuse;
    void in_kernel(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }
};

TEST_F(RtlSplayLinks, SplayingMakesARootAndKeepsTheOrder) {
    in_kernel([&] {
        auto nodes = row(64);
        std::vector<int> keys(64);
        for (int i = 0; i < 64; ++i) keys[i] = i;
        for (const int key : {63, 0, 31, 32, 31, 63, 5}) {
            PRTL_SPLAY_LINKS const root = RtlSplay(&nodes[key]);
            EXPECT_EQ(root, &nodes[key]);
            EXPECT_TRUE(RtlIsRoot(root));
            EXPECT_EQ(forward(root), keys);
            EXPECT_EQ(backward(root), keys);
        }
        EXPECT_EQ(misuse.size(), 0u);
    });
}

// The six ways of one step.
TEST_F(RtlSplayLinks, StepsAreThoseOfSplaying) {
    in_kernel([&] {
        auto zig_zig = row(3);
        RtlSplay(&zig_zig[2]);
        EXPECT_EQ(zig_zig[2].LeftChild, &zig_zig[1]);
        EXPECT_EQ(zig_zig[1].LeftChild, &zig_zig[0]);
        RtlSplay(&zig_zig[0]);
        EXPECT_EQ(zig_zig[0].RightChild, &zig_zig[1]);
        EXPECT_EQ(zig_zig[1].RightChild, &zig_zig[2]);
        RtlSplay(&zig_zig[1]);
        EXPECT_EQ(zig_zig[1].LeftChild, &zig_zig[0]);
        EXPECT_EQ(zig_zig[1].RightChild, &zig_zig[2]);
        EXPECT_TRUE(RtlIsLeftChild(&zig_zig[0]));
        EXPECT_TRUE(RtlIsRightChild(&zig_zig[2]));
        auto zig_zag = row(1);
        Node high{}, middle{};
        RtlInitializeSplayLinks(&high);
        RtlInitializeSplayLinks(&middle);
        RtlInsertAsRightChild(&zig_zag[0], &high);
        RtlInsertAsLeftChild(&high, &middle);
        RtlSplay(&middle);
        EXPECT_EQ(RtlLeftChild(&middle), &zig_zag[0]);
        EXPECT_EQ(RtlRightChild(&middle), &high);
        EXPECT_EQ(RtlParent(&high), &middle);
    });
}

TEST_F(RtlSplayLinks, NeighboursBelow) {
    in_kernel([&] {
        auto nodes = row(5);
        RtlSplay(&nodes[2]);
        EXPECT_EQ(RtlSubtreeSuccessor(&nodes[2]), &nodes[3]);
        EXPECT_EQ(RtlSubtreePredecessor(&nodes[2]), &nodes[1]);
        EXPECT_EQ(RtlSubtreeSuccessor(&nodes[4]), nullptr);
        EXPECT_EQ(RtlSubtreePredecessor(&nodes[0]), nullptr);
        EXPECT_EQ(RtlRealSuccessor(&nodes[4]), nullptr);
        EXPECT_EQ(RtlRealPredecessor(&nodes[0]), nullptr);
    });
}

TEST_F(RtlSplayLinks, Deleting) {
    in_kernel([&] {
        std::mt19937 random(7);
        for (const bool splays : {true, false}) {
            auto nodes = row(40);
            PRTL_SPLAY_LINKS root = RtlSplay(&nodes[20]);
            std::vector<int> left = forward(root);
            while (root != nullptr) {
                ASSERT_EQ(forward(root), left);
                ASSERT_TRUE(RtlIsRoot(root));
                const auto gone = left.begin() + static_cast<long>(random() % left.size());
                if (splays)
                    root = RtlDelete(&nodes[*gone]);
                else
                    RtlDeleteNoSplay(&nodes[*gone], &root);
                left.erase(gone);
                ASSERT_EQ(root == nullptr, left.empty());
            }
        }
        EXPECT_EQ(misuse.size(), 0u);
    });
}

TEST_F(RtlSplayLinks, LinksThatLeadRoundOrNowhere) {
    in_kernel([&] {
        auto nodes = row(4);
        nodes[0].Parent = &nodes[3];  // a ring: 3 is its left child's child
        nodes[3].LeftChild = &nodes[0];
        EXPECT_EQ(RtlSplay(&nodes[1]), &nodes[1]);
        EXPECT_EQ(RtlDelete(&nodes[1]), &nodes[1]);
        PRTL_SPLAY_LINKS root = &nodes[0];
        RtlDeleteNoSplay(&nodes[1], &root);
        EXPECT_EQ(root, &nodes[0]);
        ASSERT_EQ(misuse.size(), 3u);
        EXPECT_EQ(misuse.last().code, std::uint32_t{KERNEL_SECURITY_CHECK_FAILURE});
        auto ring = row(2);  // each is the other's only child
        ring[0].LeftChild = &ring[1];
        ring[1].LeftChild = &ring[0];
        ring[0].Parent = &ring[1];
        EXPECT_NE(RtlSubtreeSuccessor(&ring[0]), nullptr);
        EXPECT_EQ(misuse.size(), 4u);
        auto lost = row(2);
        lost[0].RightChild = reinterpret_cast<PRTL_SPLAY_LINKS>(0x30);
        EXPECT_EQ(RtlSubtreeSuccessor(&lost[0]), nullptr);
        EXPECT_EQ(RtlSplay(&lost[1]), &lost[1]) << "its parent does not know it";
        EXPECT_EQ(misuse.size(), 6u);
    });
}

template <class Family>
void nonsense_order(RtlTable<Family>& t) {
    for (int key = 0; key < 10; ++key) t.insert(key);
    driver.nonsense = 77;
    EXPECT_NE(t.insert(50), nullptr) << "taken as equal to the root";
    EXPECT_EQ(t.misuse.codes(), std::vector<std::uint32_t>(1, nt::driver_verifier_detected_violation));
    EXPECT_NE(t.misuse.last().text.find("CompareRoutine"), std::string::npos);
    driver.nonsense = 0;
    EXPECT_EQ(t.walk().size(), 10u);
}

TEST_F(RtlAvlTable, AnOrderThatIsNone) {
    in_kernel([&] { nonsense_order<Avl>(*this); });
}

TEST_F(RtlSplayTable, AnOrderThatIsNone) {
    in_kernel([&] { nonsense_order<Splay>(*this); });
}

// Whatever link is overwritten with whatever: it is told of, and every function comes back.
template <class Family>
void overwritten_links(RtlTable<Family>& t) {
    using Links = typename Family::Links;
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        driver = {};
        driver.keeps_blocks = true;  // stale links lead to them
        Family::initialize(&t.table, compare, allocate, free_block, nullptr);
        std::vector<Links*> nodes;
        for (int key = 0; key < 16; ++key) nodes.push_back(t.links(t.insert(key * 5 % 16)));
        for (int links = 0; links <= round % 3; ++links) {
            Links* const node = nodes[random() % nodes.size()];
            Links* const values[] = {nullptr, node, nodes[random() % nodes.size()],
                                     reinterpret_cast<Links*>(0x10),
                                     reinterpret_cast<Links*>(0xDEAD'BEEF'0001)};
            Links*& link = std::array{&node->Parent, &node->LeftChild, &node->RightChild}[random() % 3][0];
            link = values[random() % 5];
            if constexpr (std::is_same_v<Family, Avl>) node->Balance = static_cast<CHAR>(random());
        }
        for (int key = 0; key < 16; ++key) t.lookup(static_cast<int>(random() % 16));
        void* restart = nullptr;
        for (int i = 0; i < 20; ++i) Family::enumerate_from(&t.table, &restart);
        for (int i = 0; i < 20; ++i) Family::enumerate(&t.table, i == 0);
        for (ULONG i = 0; i < 16; ++i) Family::get(&t.table, random() % 16);
        for (int i = 0; i < 8; ++i) t.insert(16 + static_cast<int>(random() % 16));
        for (int key = 0; key < 32; ++key) {
            t.remove(static_cast<int>(random() % 32));
            Family::get(&t.table, random() % 16);
        }
        for (void* block : driver.blocks) ExFreePoolWithTag(block, 'lbaT');
    }
    EXPECT_GT(t.misuse.size(), 100u);
    for (const auto code : t.misuse.codes()) EXPECT_EQ(code, std::uint32_t{KERNEL_SECURITY_CHECK_FAILURE});
}

TEST_F(RtlAvlTable, OverwrittenLinks) {
    in_kernel([&] { overwritten_links<Avl>(*this); });
}

TEST_F(RtlSplayTable, OverwrittenLinks) {
    in_kernel([&] { overwritten_links<Splay>(*this); });
}

TEST_F(RtlSplayTable, OverwrittenList) {
    in_kernel([&] {
        for (int key = 0; key < 5; ++key) insert(key);
        table.NumberGenericTableElements = 0xFFFFFFFF;
        EXPECT_EQ(RtlGetElementGenericTable(&table, 0x80000000), nullptr);
        EXPECT_EQ(misuse.size(), 1u);
        table.NumberGenericTableElements = 5;
        table.InsertOrderList.Flink = nullptr;
        EXPECT_EQ(RtlGetElementGenericTable(&table, 1), nullptr);
        EXPECT_EQ(insert(9), nullptr);
        EXPECT_FALSE(remove(0));
        EXPECT_EQ(misuse.codes(), std::vector<std::uint32_t>(4, KERNEL_SECURITY_CHECK_FAILURE));
        EXPECT_EQ(walk().size(), 5u);
    });
}

TEST_F(RtlAvlTable, OverwrittenCount) {
    in_kernel([&] {
        for (int key = 0; key < 5; ++key) insert(key);
        table.NumberGenericTableElements = 0xFFFFFFFF;
        EXPECT_EQ(RtlGetElementGenericTableAvl(&table, 0x80000000), nullptr);
        EXPECT_EQ(misuse.codes(), std::vector<std::uint32_t>(1, KERNEL_SECURITY_CHECK_FAILURE));
    });
}

// A table that was never initialised: told by name before the call, which the processor refuses.
TEST_F(RtlAvlTable, RoutineThatIsNull) {
    verifier::install_fault_rule();
    EXPECT_TRUE(kernel.run_to_bug_check([&] {
        insert(1);
        table.CompareRoutine = nullptr;
        lookup(1);
    }));
    ASSERT_GE(misuse.size(), 1u);
    EXPECT_NE(misuse.entries()[0].text.find("CompareRoutine"), std::string::npos);
}

// Under the names of RTL_USE_AVL_TABLES, and a routine that raises.
TEST(RtlTableDriver, AvlUnderGenericNames) {
    Kernel kernel;
    EXPECT_GE(test::run_driver_checks(kernel, "nt_tables.so"), 14u);
    EXPECT_EQ(nt::finding_count(), 0u);
}

}  // namespace
}  // namespace rtl_table_test
