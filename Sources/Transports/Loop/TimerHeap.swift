/// A binary heap of timers, earliest first, from which any timer can be removed in logarithmic time.
struct TimerHeap {
    private var timers: [LoopTimer] = []

    /// The earliest deadline in monotonic nanoseconds; nil without timers.
    var nextDeadline: UInt64? { timers.first?.deadline }

    mutating func insert(_ timer: LoopTimer) {
        timer.heapIndex = timers.count
        timers.append(timer)
        siftUp(from: timers.count - 1)
    }

    /// Removes `timer`; does nothing when it is not in the heap.
    mutating func remove(_ timer: LoopTimer) {
        guard let index = timer.heapIndex else { return }
        timer.heapIndex = nil
        let last = timers.removeLast()
        guard index < timers.count else { return }
        timers[index] = last
        last.heapIndex = index
        siftUp(from: index)
        siftDown(from: index)
    }

    /// Removes and returns the earliest timer whose deadline is not after `now`.
    mutating func popDue(at now: UInt64) -> LoopTimer? {
        guard let first = timers.first, first.deadline <= now else { return nil }
        remove(first)
        return first
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard timers[index].deadline < timers[parent].deadline else { return }
            swapTimers(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in (2 * index + 1)...(2 * index + 2)
            where child < timers.count && timers[child].deadline < timers[smallest].deadline {
                smallest = child
            }
            guard smallest != index else { return }
            swapTimers(index, smallest)
            index = smallest
        }
    }

    private mutating func swapTimers(_ first: Int, _ second: Int) {
        timers.swapAt(first, second)
        timers[first].heapIndex = first
        timers[second].heapIndex = second
    }
}
