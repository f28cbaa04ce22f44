import CLinux
import Glibc
import Testing
import Transports

/// A loop tells every handler what is true at the time it is told, and fires timers in time.
@Suite struct EventLoopTests {
    /// An eventfd that is ready for reading and for writing.
    private func readyDescriptor() throws -> Int32 {
        let descriptor = eventfd(1, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        try #require(descriptor >= 0)
        return descriptor
    }

    @Test func tellsOnlyWhatWasAskedFor() throws {
        let loop = try EventLoop()
        let descriptor = try readyDescriptor()
        defer { close(descriptor) }
        let recorder = ReadinessRecorder()
        try loop.add(descriptor, recorder, interest: [])
        try loop.turn(deadline: 0)
        #expect(recorder.received == [])
        loop.modify(descriptor, interest: .readable)
        try loop.turn(deadline: 0)
        loop.modify(descriptor, interest: [.readable, .writable])
        try loop.turn(deadline: 0)
        loop.remove(descriptor)
        try loop.turn(deadline: 0)
        #expect(recorder.received == [.readable, [.readable, .writable]])
    }

    /// What handlers take counts, and the wait for the next event does not.
    @Test func tellsForHowLongItListenedToNobody() throws {
        let loop = try EventLoop()
        let descriptor = try readyDescriptor()
        defer { close(descriptor) }
        try loop.turn(deadline: MonotonicClock.now() + 400_000_000)
        try loop.turn(deadline: 0)
        #expect(loop.longestTurn < 200_000_000)
        let recorder = ReadinessRecorder()
        recorder.whenReady = { usleep(250_000) }
        try loop.add(descriptor, recorder, interest: .readable)
        try loop.turn(deadline: 0)
        loop.remove(descriptor)
        try loop.turn(deadline: 0)
        try loop.turn(deadline: 0)
        #expect(loop.longestTurn >= 250_000_000)
    }

    @Test func deliversNoEventOfARemovedHandler() throws {
        let loop = try EventLoop()
        let descriptors = [try readyDescriptor(), try readyDescriptor()]
        defer { for descriptor in descriptors { close(descriptor) } }
        let recorders = [ReadinessRecorder(), ReadinessRecorder()]
        for index in 0..<2 {
            // Whichever is told first removes the other.
            recorders[index].whenReady = { loop.remove(descriptors[1 - index]) }
            try loop.add(descriptors[index], recorders[index], interest: .readable)
        }
        try loop.turn(deadline: 0)
        #expect(recorders[0].received.count + recorders[1].received.count == 1)
    }

    @Test func deliversNoEventToASuccessorOnTheSameDescriptor() throws {
        let loop = try EventLoop()
        let descriptors = [try readyDescriptor(), try readyDescriptor()]
        defer { for descriptor in descriptors { close(descriptor) } }
        let recorders = [ReadinessRecorder(), ReadinessRecorder()]
        let successor = ReadinessRecorder()
        for index in 0..<2 {
            recorders[index].whenReady = {
                loop.remove(descriptors[1 - index])
                try? loop.add(descriptors[1 - index], successor, interest: .readable)
            }
            try loop.add(descriptors[index], recorders[index], interest: .readable)
        }
        try loop.turn(deadline: 0)
        #expect(successor.received.isEmpty, "the event belonged to the handler before")
        for recorder in recorders { recorder.whenReady = nil }
        try loop.turn(deadline: 0)
        #expect(successor.received == [.readable], "its own event comes in the next turn")
    }

    @Test func interestWithdrawnInTheSameTurnCounts() throws {
        let loop = try EventLoop()
        let descriptors = [try readyDescriptor(), try readyDescriptor()]
        defer { for descriptor in descriptors { close(descriptor) } }
        let recorders = [ReadinessRecorder(), ReadinessRecorder()]
        for index in 0..<2 {
            recorders[index].whenReady = { loop.modify(descriptors[1 - index], interest: []) }
            try loop.add(descriptors[index], recorders[index], interest: .readable)
        }
        try loop.turn(deadline: 0)
        #expect(recorders[0].received.count + recorders[1].received.count == 1)
    }

    @Test func addingAClosedDescriptorIsAnError() throws {
        let loop = try EventLoop()
        let descriptor = try readyDescriptor()
        close(descriptor)
        #expect(throws: IOError.self) { try loop.add(descriptor, ReadinessRecorder(), interest: .readable) }
    }

    @Test func wakeEndsTheNextWait() throws {
        let loop = try EventLoop()
        loop.waker.wake()
        loop.wake()
        try loop.turn(deadline: nil)
        // The wakes are used up: this turn ends by its deadline.
        let deadline = MonotonicClock.now() + 2_000_000
        try loop.turn(deadline: deadline)
        #expect(loop.now >= deadline)
    }

    @Test func wakeFromAnotherThreadEndsAWaitWithoutDeadline() throws {
        let loop = try EventLoop()
        let waker = Unmanaged.passRetained(loop.waker)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<LoopWaker>.fromOpaque(argument).takeRetainedValue().wake() }
                return nil
            }, waker.toOpaque())
        try #require(code == 0)
        try loop.turn(deadline: nil)
        pthread_join(thread, nil)
    }

    @Test func doesNotReturnBeforeADeadlineBelowAMillisecond() throws {
        let loop = try EventLoop()
        for _ in 0..<20 {
            let deadline = MonotonicClock.now() + 300_000
            try loop.turn(deadline: deadline)
            #expect(loop.now >= deadline)
        }
    }

    @Test func firesTimersInOrderOfTheirDeadlines() throws {
        let loop = try EventLoop()
        let recorder = TimerRecorder()
        let start = MonotonicClock.now()
        let order: [UInt64] = [5, 1, 9, 3, 7, 2, 8, 6, 4, 0, 11, 10]
        for offset in order { loop.schedule(at: start + offset, recorder) }
        #expect(loop.nextTimerDeadline == start)
        _ = try loop.turn { recorder.firedDeadlines.count >= order.count }
        #expect(recorder.firedDeadlines == (0..<12).map { start + $0 })
        #expect(loop.nextTimerDeadline == nil)
    }

    @Test func waitsForATimerWithoutADeadlineOfItsOwn() throws {
        let loop = try EventLoop()
        let recorder = TimerRecorder()
        let deadline = MonotonicClock.now() + 1_500_000
        loop.schedule(at: deadline, recorder)
        while recorder.firedDeadlines.isEmpty { try loop.turn(deadline: nil) }
        #expect(loop.now >= deadline)
    }

    @Test func cancelledTimersDoNotFire() throws {
        let loop = try EventLoop()
        let recorder = TimerRecorder()
        let timers = (0..<50).map { loop.schedule(at: UInt64($0 * 7 % 50), recorder) }
        for (index, timer) in timers.enumerated() where index % 3 == 0 { loop.cancel(timer) }
        try loop.turn(deadline: 0)
        let expected = timers.enumerated().filter { $0.offset % 3 != 0 }.map(\.element.deadline).sorted()
        #expect(recorder.firedDeadlines == expected)
    }

    @Test func aTimerCancelledByAnEarlierOneOfTheSameTurnDoesNotFire() throws {
        let loop = try EventLoop()
        let (first, second) = (TimerRecorder(), TimerRecorder())
        loop.schedule(at: 1, first)
        let timer = loop.schedule(at: 2, second)
        first.whenFired = { loop.cancel(timer) }
        try loop.turnWithoutWaiting()
        #expect(first.firedDeadlines == [1])
        #expect(second.firedDeadlines == [])
    }

    @Test func aTimerThatSchedulesItselfFiresOncePerTurn() throws {
        let loop = try EventLoop()
        let recorder = TimerRecorder()
        recorder.whenFired = { [unowned recorder] in loop.schedule(at: 0, recorder) }
        loop.schedule(at: 0, recorder)
        try loop.turn(deadline: nil)
        #expect(recorder.firedDeadlines.count == 1)
        try loop.turn(deadline: nil)
        #expect(recorder.firedDeadlines.count == 2)
        recorder.whenFired = nil
    }
}
