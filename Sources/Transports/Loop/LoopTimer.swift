/// The owner of a deadline, told by the event loop when the deadline has passed.
package protocol TimerHandler: AnyObject {
    /// The deadline of `timer` has passed; it is already off the loop.
    func timerFired(_ timer: LoopTimer)
}

/// One deadline on an event loop, made by `EventLoop.schedule` and good for one firing.
package final class LoopTimer {
    /// The monotonic time in nanoseconds from which the timer is due.
    package let deadline: UInt64

    /// Who is told; nil once fired or cancelled, which also ends the loop's hold on the handler.
    var handler: (any TimerHandler)?

    /// Where the timer lies in the heap; nil outside it.
    var heapIndex: Int?

    init(deadline: UInt64, handler: any TimerHandler) {
        self.deadline = deadline
        self.handler = handler
    }
}
