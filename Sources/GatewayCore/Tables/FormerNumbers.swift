import Time

/// The numbers under which exchanges of QoS 2 ended in sessions that are forgotten, for as long as a network may still
/// carry something of them: the next session of the same client uses none of them (AMB-23).
struct FormerNumbers {
    /// Beyond it the oldest go, one for each that comes; 0 remembers none.
    var limit: Int
    private var order = ArrivalOrder<ClientID>()
    private var numbers: [ClientID: DeliveryNumbers] = [:]

    init(limit: Int) { self.limit = limit }

    var count: Int { numbers.count }

    mutating func note(_ former: DeliveryNumbers, of clientID: ClientID) {
        guard limit > 0 else { return }
        if numbers.updateValue(former, forKey: clientID) == nil { order.append(clientID) }
        while numbers.count > limit, let oldest = order.takeOldest() { numbers[oldest] = nil }
    }

    mutating func take(of clientID: ClientID) -> DeliveryNumbers? {
        guard !numbers.isEmpty, let former = numbers.removeValue(forKey: clientID) else { return nil }
        order.remove(clientID)
        return former
    }
}
