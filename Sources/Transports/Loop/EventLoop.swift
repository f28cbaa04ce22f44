import CLinux
import Glibc

/// One epoll instance with its timers, turned by one thread; everything registered is called on that thread.
///
/// The loop keeps its handlers alive until they are removed, so every transport must be closed by its owner.
package final class EventLoop {
    /// What is registered for one descriptor; the slot's index is the descriptor.
    private struct Slot {
        var handler: (any ReadinessHandler)?
        var interest: Readiness = []
        /// Counts the registrations of this descriptor number, so that events of an earlier one are told apart.
        var generation: UInt32 = 0
    }

    /// The most events that one turn delivers; what is left over comes first in the next turn.
    private static let eventCapacity = 256

    private let epoll: OwnedDescriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private var slots: [Slot] = []
    private var timers = TimerHeap()
    private var dueTimers: [LoopTimer] = []
    private var hasNanosecondWait = true

    /// Ends a wait from another thread.
    package let waker: LoopWaker

    /// The buffer that every stream of this loop reads into, valid only during one read.
    let readBuffer: UnsafeMutableRawBufferPointer

    /// Whether a read is using the buffer now.
    var isReadBufferLent = false

    /// The monotonic time in nanoseconds at which the current turn stopped waiting.
    package private(set) var now: UInt64

    /// The longest time in nanoseconds between two waits: nobody was listened to meanwhile. What came before the first
    /// turn does not count.
    package private(set) var longestTurn: UInt64 = 0
    private var hasTurned = false

    /// Opens the epoll instance; throws when the process has no descriptor left.
    package init() throws(IOError) {
        epoll = try OwnedDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), operation: "epoll_create1")
        waker = try LoopWaker()
        now = MonotonicClock.now()
        events = .allocate(capacity: Self.eventCapacity)
        events.initialize(repeating: epoll_event(), count: Self.eventCapacity)
        readBuffer = .allocate(byteCount: 65_536, alignment: 64)
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data())
        event.data.u64 = UInt64(UInt32(bitPattern: waker.descriptor))
        guard epoll_ctl(epoll.value, EPOLL_CTL_ADD, waker.descriptor, &event) == 0 else {
            throw IOError(operation: "epoll_ctl add eventfd", code: errno)
        }
    }

    deinit {
        events.deallocate()
        readBuffer.deallocate()
    }

    // MARK: Descriptors

    /// Starts telling `handler` when `descriptor` is ready for `interest`, which may be empty.
    package func add(
        _ descriptor: Int32, _ handler: any ReadinessHandler, interest: Readiness
    ) throws(IOError) {
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        precondition(slots[index].handler == nil, "a descriptor is registered once")
        slots[index].generation &+= 1
        guard control(EPOLL_CTL_ADD, descriptor, interest) else {
            throw IOError(operation: "epoll_ctl add", code: errno)
        }
        slots[index].handler = handler
        slots[index].interest = interest
    }

    /// Changes what the handler of `descriptor` is told about; costs nothing when that is no change.
    package func modify(_ descriptor: Int32, interest: Readiness) {
        let index = Int(descriptor)
        precondition(slots.indices.contains(index) && slots[index].handler != nil, "only a registered descriptor")
        guard slots[index].interest != interest else { return }
        slots[index].interest = interest
        // Only a descriptor that is not registered can make this fail.
        _ = control(EPOLL_CTL_MOD, descriptor, interest)
    }

    /// Forgets `descriptor`, which must still be open; events of it that this turn already holds are not delivered.
    package func remove(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard slots.indices.contains(index), slots[index].handler != nil else { return }
        slots[index].handler = nil
        var event = epoll_event()
        _ = epoll_ctl(epoll.value, EPOLL_CTL_DEL, descriptor, &event)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness) -> Bool {
        var event = epoll_event()
        if interest.contains(.readable) { event.events |= EPOLLIN.rawValue }
        if interest.contains(.writable) { event.events |= EPOLLOUT.rawValue }
        let generation = slots[Int(descriptor)].generation
        event.data.u64 = UInt64(generation) &<< 32 | UInt64(UInt32(bitPattern: descriptor))
        return epoll_ctl(epoll.value, operation, descriptor, &event) == 0
    }

    // MARK: Timers

    /// Tells `handler` once, in the first turn that ends its wait at `deadline` (monotonic nanoseconds) or later.
    ///
    /// A deadline that has passed fires in the next turn, which then does not wait.
    @discardableResult
    package func schedule(at deadline: UInt64, _ handler: any TimerHandler) -> LoopTimer {
        let timer = LoopTimer(deadline: deadline, handler: handler)
        timers.insert(timer)
        return timer
    }

    /// Stops `timer`, even when this turn was already about to fire it.
    package func cancel(_ timer: LoopTimer) {
        timer.handler = nil
        timers.remove(timer)
    }

    /// The earliest deadline scheduled on this loop; `turn` takes it into account by itself.
    package var nextTimerDeadline: UInt64? { timers.nextDeadline }

    // MARK: Turning

    /// Ends the current or the next wait; for other threads see `waker`.
    package func wake() {
        waker.wake()
    }

    /// Waits until something is ready, `deadline` (monotonic nanoseconds; nil: none) has come or a timer is due; then
    /// calls every ready handler once and fires the timers that are due.
    ///
    /// May return early without having called anything. Throws only when epoll itself fails.
    package func turn(deadline: UInt64?) throws(IOError) {
        let began = MonotonicClock.now()
        if hasTurned { longestTurn = max(longestTurn, began - now) }
        hasTurned = true
        let count = try wait(until: earlier(deadline, timers.nextDeadline), from: began)
        now = MonotonicClock.now()
        for index in 0..<count { deliver(events[index]) }
        fireDueTimers()
    }

    private func earlier(_ first: UInt64?, _ second: UInt64?) -> UInt64? {
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }

    private func wait(until deadline: UInt64?, from time: UInt64) throws(IOError) -> Int {
        let remaining = deadline.map { $0 > time ? $0 - time : 0 }
        let count = poll(remaining)
        if count >= 0 { return count }
        guard errno == EINTR else { throw IOError(operation: "epoll_wait", code: errno) }
        return 0
    }

    private func poll(_ remaining: UInt64?) -> Int {
        let capacity = Int32(Self.eventCapacity)
        if hasNanosecondWait {
            var timeout = timespec()
            if let remaining {
                timeout.tv_sec = Int(remaining / 1_000_000_000)
                timeout.tv_nsec = Int(remaining % 1_000_000_000)
            }
            let count =
                remaining == nil
                ? clinux_epoll_pwait2(epoll.value, events, capacity, nil)
                : clinux_epoll_pwait2(epoll.value, events, capacity, &timeout)
            // EPERM: a container's filter written before the call existed.
            guard count < 0, errno == ENOSYS || errno == EPERM else { return Int(count) }
            hasNanosecondWait = false
        }
        var milliseconds: Int32 = -1
        if let remaining {
            let roundedUp = remaining / 1_000_000 + (remaining % 1_000_000 == 0 ? 0 : 1)
            milliseconds = Int32(clamping: roundedUp)
        }
        return Int(epoll_wait(epoll.value, events, capacity, milliseconds))
    }

    private func deliver(_ event: epoll_event) {
        let descriptor = Int32(truncatingIfNeeded: event.data.u64)
        if descriptor == waker.descriptor {
            waker.drain()
            return
        }
        let slot = slots[Int(descriptor)]
        // The handler was removed, or replaced by another on the same descriptor number, earlier in this turn.
        guard let handler = slot.handler, slot.generation == UInt32(truncatingIfNeeded: event.data.u64 &>> 32) else {
            return
        }
        var readiness: Readiness = []
        if event.events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
        if event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
        readiness.formIntersection(slot.interest)
        if event.events & EPOLLHUP.rawValue != 0 { readiness.insert(.hangUp) }
        if event.events & EPOLLERR.rawValue != 0 { readiness.insert(.failed) }
        if !readiness.isEmpty { handler.ready(readiness) }
    }

    private func fireDueTimers() {
        // All that is due is taken out first: a timer scheduled by one that fires waits for the next turn.
        while let timer = timers.popDue(at: now) { dueTimers.append(timer) }
        guard !dueTimers.isEmpty else { return }
        for timer in dueTimers {
            guard let handler = timer.handler else { continue }
            timer.handler = nil
            handler.timerFired(timer)
        }
        dueTimers.removeAll(keepingCapacity: true)
    }
}
