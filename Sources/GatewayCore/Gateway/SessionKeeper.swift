/// Which sessions are to be written down, where somebody keeps records: those that have changed, each once.
///
/// **What it owns.** The sessions that were touched since they were looked at last, the fingerprint of what is written
/// of each, and the names of those of which nothing is left. **Invariant.** Who has a fingerprint is written down.
/// Nothing is here, and nothing is done, where nobody keeps records.
struct SessionKeeper {
    private(set) var isOn = false
    /// In the order in which they were touched; so many of them are looked at.
    private var touched: [SessionIndex] = []
    private var takenCount = 0
    private var isTouched: [Bool] = []
    /// By session; 0 where nothing is written of it.
    private var fingerprints: [UInt64] = []
    private var gone: [ClientID] = []
    /// Room for octets that are only looked at.
    var scratch: [UInt8] = []

    mutating func turnOn() { isOn = true }

    var isIdle: Bool { takenCount == touched.count && gone.isEmpty }

    /// The session may tell something else from now on.
    mutating func touch(_ index: SessionIndex) {
        let place = Int(index)
        while isTouched.count <= place {
            isTouched.append(false)
            fingerprints.append(0)
        }
        guard !isTouched[place] else { return }
        isTouched[place] = true
        touched.append(index)
    }

    /// Something is written of the session, and it may not be this.
    mutating func restored(_ index: SessionIndex) {
        touch(index)
        fingerprints[Int(index)] = 1
    }

    /// The session's place is empty.
    mutating func forget(_ index: SessionIndex, _ clientID: ClientID) {
        let place = Int(index)
        guard place < fingerprints.count, fingerprints[place] != 0 else { return }
        fingerprints[place] = 0
        gone.append(clientID)
    }

    mutating func forgetWritten() {
        for place in fingerprints.indices { fingerprints[place] = 0 }
    }

    mutating func takeGone() -> [ClientID] {
        defer { gone.removeAll(keepingCapacity: true) }
        return gone
    }

    /// The session that was touched first: written in that order they are gone on with in that order.
    mutating func takeTouched() -> SessionIndex? {
        guard takenCount < touched.count else {
            touched.removeAll(keepingCapacity: true)
            takenCount = 0
            return nil
        }
        let index = touched[takenCount]
        takenCount += 1
        isTouched[Int(index)] = false
        return index
    }

    /// Takes down the fingerprint of what is to be told of the session; 0 where that is nothing.
    ///
    /// - Returns: whether something else was written; and whether anything was.
    mutating func note(_ fingerprint: UInt64, of index: SessionIndex) -> (isNew: Bool, wasWritten: Bool) {
        let before = fingerprints[Int(index)]
        fingerprints[Int(index)] = fingerprint
        return (before != fingerprint, before != 0)
    }
}
