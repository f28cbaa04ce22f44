import Bytes
import Configuration
import GatewayCore
import Transports

/// Counts what is observed and tells it: the log's side of the host.
struct Reporter {
    var counters = Counters()
    let log: Log
    var linesAboutSenders: LineAllowance
    private var linesAboutClients: LineAllowance
    private var routine: RoutineLines
    private var secondBegan: UInt64 = 0
    var undeliveredCount = 0
    /// Closing connections that were waited for no longer: in all, and since that was said last.
    private(set) var cutShortCount: UInt64 = 0
    private var untoldCutShortCount = 0
    private var closingLimit = 0
    /// Why the system did not take the last one of them; nil where it was not asked.
    private var undeliveredReason: Int32?
    private var undelivered = Recurrence()
    /// Certificates of clients that made room for others, and connections that were not made for want of one.
    var certificatesLetGoCount: UInt64 = 0
    var certificatesMissedCount: UInt64 = 0
    var certificatesLetGo = Recurrence()
    /// While the gateway says goodbye to everybody, so many have heard it; nil at all other times.
    private var dismissedCount: Int?
    private var lastConnectError = ""
    /// What the owner has been told to change, each by a number of its own.
    private var toldRefusals: Set<Int> = []
    private var takenNumbers = Recurrence()
    private var unansweredConnects = Recurrence()
    private var queuedConnections = Recurrence()
    private var givenUpBrokers = Recurrence()
    /// As the configuration names them, where there are several.
    private let brokerNames: [String]
    /// Of the gateway's own broker connection.
    private let ownName: String

    init(log: Log, _ settings: HostSettings) {
        self.log = log
        linesAboutSenders = LineAllowance(
            "senders", key: "log.stranger_lines_per_second", perSecond: settings.strangerLogLinesPerSecond)
        linesAboutClients = LineAllowance(
            "clients", key: "log.client_lines_per_second", perSecond: settings.clientLogLinesPerSecond)
        brokerNames = settings.otherBrokers.isEmpty ? [] : settings.brokers.map(\.name)
        ownName = ClientIDText.text(of: settings.sharedClientID ?? [])
        routine = RoutineLines(perMinute: settings.clientLogLinesPerMinute)
    }

    /// Goes on with other settings.
    mutating func reconfigure(_ settings: HostSettings) {
        linesAboutSenders.perSecond = settings.strangerLogLinesPerSecond
        linesAboutClients.perSecond = settings.clientLogLinesPerSecond
        routine.perMinute = settings.clientLogLinesPerMinute
    }

    /// Counts an observation made at `now`, in monotonic nanoseconds; returns the level of its line where one is to be
    /// written.
    mutating func count(_ occurrence: Occurrence, at now: UInt64) -> LogLevel? {
        let kind = occurrence.kind
        counters.count(kind)
        // Whatever passes with every message ends here.
        guard let level = ObservationText.level(of: kind) else { return nil }
        switch kind {
        // Why has been told in words.
        case .connectUnanswered
        where occurrence == .connectUnanswered(.insecure) || occurrence == .connectUnanswered(.noPassage):
            return nil
        case .connectUnanswered: if unansweredConnects.happened(at: now) == nil { return nil }
        case .brokerGivenUp: if givenUpBrokers.happened(at: now) == nil { return nil }
        case .connectionQueued: if queuedConnections.happened(at: now) == nil { return nil }
        case .gatewayIDTaken: if takenNumbers.happened(at: now) == nil { return nil }
        case .clientDismissed:
            guard let count = dismissedCount else { break }
            dismissedCount = count + 1
            return nil
        default: if isRefusalByOwner(occurrence) { return log.isOn(.warning) ? .warning : nil }
        }
        return log.isOn(level) && mayWrite(kind, at: now) ? level : nil
    }

    /// Whether something is refused for the first time that the owner may want to allow; further ones are counted.
    private mutating func isRefusalByOwner(_ occurrence: Occurrence) -> Bool {
        switch occurrence {
        case .forwarderRefused: return toldRefusals.insert(-1).inserted
        case .malformedDatagram(_, let foreign?): return toldRefusals.insert(-2 - Int(foreign.rawValue)).inserted
        case .qosMinusOneRefused(let refusal, _):
            guard refusal != .noTopic else { return false }
            return toldRefusals.insert(Int(refusal.rawValue)).inserted
        default: return false
        }
    }

    private mutating func mayWrite(_ kind: ObservationKind, at now: UInt64) -> Bool {
        if RoutineLines.isRoutine(kind) { return routine.take(kind, at: now) }
        return switch ObservationText.cause(of: kind) {
        case .sender: linesAboutSenders.take()
        case .client: linesAboutClients.take()
        case .gateway: true
        }
    }

    /// Writes an observation's line.
    func write(
        _ level: LogLevel, _ observation: Observation, clientID: RawSpan, topic: RawSpan, address: String?
    ) {
        let topic = ClientIDText.text(of: topic.copy(of: 0..<topic.byteCount))
        var line = LogLine(
            level, ObservationText.words(for: observation.occurrence, topic: topic), event: observation.kind.name)
        if !clientID.isEmpty {
            let isBeginning = observation.occurrence.tellsBeginningOfName
            let name = ClientIDText.text(of: clientID.copy(of: 0..<clientID.byteCount))
            line.circumstances.append(LogField("client", name + (isBeginning ? "…" : "")))
        } else if observation.kind == .upstreamRefused {
            line.circumstances.append(LogField("shared_client_id", ownName))
        }
        if let place = observation.occurrence.brokerPlace, brokerNames.indices.contains(place) {
            line.circumstances.append(LogField("broker", brokerNames[place]))
        }
        line.figures = ObservationFigures.figures(for: observation.occurrence)
        if !topic.isEmpty {
            line.figures.append(LogField(observation.kind == .brokerRefersElsewhere ? "server" : "topic", topic))
        }
        if let address { line.circumstances.append(LogField("address", address)) }
        log.write(line)
    }

    /// Begins a new second for lines that are limited in number, and owns up to those left out.
    mutating func turnEnded(at now: UInt64) {
        log.turnEnded()
        routine.minutePasses(at: now, log)
        guard now &- secondBegan >= 1_000_000_000 else { return }
        secondBegan = now
        linesAboutSenders.refill(log)
        linesAboutClients.refill(log)
        if undeliveredCount > 0, undelivered.happened(at: now) != nil { tellUndelivered() }
        tellCutShort()
    }

    /// When something must be told though nothing happens; nil where there is nothing.
    var nextDeadline: UInt64? { routine.nextDeadline }

    /// The last lines of a run: what was left out of the ones before, and everything that was counted.
    mutating func summarize(_ links: [any Link]) {
        linesAboutSenders.refill(log)
        linesAboutClients.refill(log)
        routine.tell(log)
        tellUndelivered()
        tellCutShort()
        tellCounts(links)
    }

    private mutating func tellUndelivered() {
        guard undeliveredCount > 0 else { return }
        let reason = undeliveredReason.map { "; the last one: \(IOError(operation: "send", code: $0))" } ?? ""
        log.write(.warning, "datagrams not taken by the system: count=\(undeliveredCount)" + reason)
        (undeliveredCount, undeliveredReason) = (0, nil)
    }

    private mutating func tellCutShort() {
        guard untoldCutShortCount > 0 else { return }
        log.write(
            .warning,
            "broker connections left to the system while they were closing, as the broker is slow to close and no more"
                + " than limits.closing_connections=\(closingLimit) are waited for: count=\(untoldCutShortCount)")
        untoldCutShortCount = 0
    }

    // MARK: The end

    /// From here on clients are only counted that are told to connect anew: at the end that is everybody.
    mutating func stopBegan() { dismissedCount = 0 }

    /// Says how many they were.
    mutating func stopEnded() {
        if let count = dismissedCount, count > 0 {
            log.write(.info, "clients told to connect anew: count=\(count)")
        }
        dismissedCount = nil
    }

    // MARK: The machine

    mutating func flushed(_ result: FlushResult) {
        undeliveredCount += result.droppedCount
        undeliveredReason = result.lastErrorCode ?? undeliveredReason
    }

    mutating func cutShort(limit: Int) {
        cutShortCount += 1
        untoldCutShortCount += 1
        closingLimit = limit
    }

    /// What goes wrong again and again on one link is told in `recurrence`'s measure.
    func failed(_ error: IOError, _ recurrence: inout Recurrence, at now: UInt64) {
        guard let count = recurrence.happened(at: now) else { return }
        log.write(.error, "\(error)" + Recurrence.suffix(count))
    }

    mutating func streamEnded(_ reason: StreamCloseReason, _ settings: HostSettings) {
        switch reason {
        case .endOfStream: writeAboutClient(.debug, "broker closed a connection")
        case .writeQueueOverflow: writeAboutClient(.warning, "broker connection closed: it took bytes too slowly")
        case .failed(let error):
            connectionFailed("\(error)" + Self.placeName(for: error, settings) + Self.advice(for: error))
        case .insecure(let failure): connectionFailed(TLSText(failure, settings, nil).words)
        case .noPassage(let failure): passageFailed(failure, settings)
        }
    }

    /// Whose address it is that cannot be connected to, where it is not the broker's.
    private static func placeName(for error: IOError, _ settings: HostSettings) -> String {
        guard let proxy = settings.proxy.endpoint, error.phase == .connecting else { return "" }
        return "; that is the proxy \(proxy.name)"
    }

    /// What the owner can do where the system says no to every client beyond some number, and why one that was there
    /// is given up.
    private static func advice(for error: IOError) -> String {
        if error.isTimeout, error.phase == .other {
            return "; the network has brought nothing back for broker.network_timeout_seconds"
        }
        guard error.isDescriptorShortage else { return "" }
        return "; \(ProcessLimits.fileDescriptorLimit()) files may be open: raise the limit (LimitNOFILE= in systemd,"
            + " ulimit -Hn) or lower clients.maximum"
    }

    mutating func unresolved(_ error: ResolveError) { connectionFailed("\(error)") }

    /// Thousands of clients meet the same broken broker; the same words are said once until they change.
    mutating func connectionFailed(_ words: String) {
        writeAboutClient(words == lastConnectError ? .debug : .warning, "broker connection failed: \(words)")
        lastConnectError = words
    }

    mutating func writeAboutClient(_ level: LogLevel, _ text: String) {
        if log.isOn(level), linesAboutClients.take() { log.write(level, text) }
    }
}
