// malloc and its kin as this program and every library in it see them: the linker is told (Package.swift) that `malloc`
// is `counting_malloc`, and so on. They count, and let the C library do the work.
//
// They run before anything of Swift has been set up, so they touch nothing but numbers that need no initialization.

import CAllocator
import Synchronization

/// What has been asked of the allocator since the program began.
///
/// Atomic, because the compiler takes it for granted that an allocation changes no variable.
enum AllocationLedger {
    private static let allocations = Atomic<Int>(0)
    private static let allocatedOctets = Atomic<Int>(0)
    private static let liveOctets = Atomic<Int>(0)
    private static let peakOctets = Atomic<Int>(0)

    /// How often memory was asked for, larger pieces for smaller ones included.
    static var allocationCount: Int { allocations.load(ordering: .sequentiallyConsistent) }
    /// Octets that were asked for.
    static var allocatedByteCount: Int { allocatedOctets.load(ordering: .sequentiallyConsistent) }
    /// Octets that are in use now, as the allocator has rounded them.
    static var liveByteCount: Int { liveOctets.load(ordering: .sequentiallyConsistent) }

    /// The most that was in use since `beginPeak`.
    static var peakByteCount: Int { peakOctets.load(ordering: .sequentiallyConsistent) }
    static func beginPeak() { peakOctets.store(liveByteCount, ordering: .sequentiallyConsistent) }

    fileprivate static func noteTaken(_ memory: UnsafeMutableRawPointer?, byteCount: Int) {
        allocations.add(1, ordering: .relaxed)
        allocatedOctets.add(byteCount, ordering: .relaxed)
        let live = liveOctets.add(malloc_usable_size(memory), ordering: .relaxed).newValue
        peakOctets.max(live, ordering: .relaxed)
    }

    fileprivate static func noteGiven(_ memory: UnsafeMutableRawPointer?) {
        liveOctets.subtract(malloc_usable_size(memory), ordering: .relaxed)
    }

    /// Whether Swift's own allocations are seen; where they are not, a count of 0 would mean nothing.
    static func seesSwift() -> Bool {
        let count = 1_000
        _ = makeObjects(1)  // the runtime makes the types' descriptions when they are first used
        let allocationsBefore = allocationCount
        let octetsBefore = liveByteCount
        let octetsWithObjects = makeObjects(count)
        let growth = octetsWithObjects - octetsBefore
        return allocationCount - allocationsBefore == count + 1 && growth >= count * 40
            && liveByteCount == octetsBefore
    }

    /// Octets in use while there are `count` small arrays in one large one.
    @inline(never)
    private static func makeObjects(_ count: Int) -> Int {
        var arrays: [[Int]] = []
        arrays.reserveCapacity(count)
        for number in 0..<count { arrays.append([number]) }
        let octets = liveByteCount
        return arrays.count == count ? octets : 0
    }
}

@_cdecl("counting_malloc")
package func countingMalloc(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = __libc_malloc(byteCount)
    AllocationLedger.noteTaken(memory, byteCount: byteCount)
    return memory
}

@_cdecl("counting_calloc")
package func countingCalloc(_ count: Int, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = __libc_calloc(count, byteCount)
    AllocationLedger.noteTaken(memory, byteCount: count &* byteCount)
    return memory
}

@_cdecl("counting_realloc")
package func countingRealloc(_ memory: UnsafeMutableRawPointer?, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    AllocationLedger.noteGiven(memory)
    let larger = __libc_realloc(memory, byteCount)
    AllocationLedger.noteTaken(larger, byteCount: byteCount)
    return larger
}

@_cdecl("counting_memalign")
package func countingMemalign(_ alignment: Int, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = __libc_memalign(alignment, byteCount)
    AllocationLedger.noteTaken(memory, byteCount: byteCount)
    return memory
}

/// `place` gets the memory; the result is 0, or ENOMEM (posix_memalign(3)).
@_cdecl("counting_posix_memalign")
package func countingPosixMemalign(
    _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ byteCount: Int
) -> Int32 {
    guard let memory = countingMemalign(alignment, byteCount) else { return 12 }
    place.pointee = memory
    return 0
}

@_cdecl("counting_free")
package func countingFree(_ memory: UnsafeMutableRawPointer?) {
    AllocationLedger.noteGiven(memory)
    __libc_free(memory)
}
