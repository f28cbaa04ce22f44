import Bytes
import GatewayCore
import GatewayHost
import JSON
import Journal
import Time

// A store for programs.

extension StoreReport {
    /// The store without its sessions.
    var json: JSONValue {
        .object([
            "path": .string(path),
            "gateway_id": journal.gatewayID.map { .count(Int($0)) } ?? .null,
            "segments": .array(
                journal.segments.map { segment in
                    .object([
                        "file": .string(JournalSegment.fileName(segment.name)), "bytes": .count(segment.byteCount),
                    ])
                }),
            "bytes": .count(byteCount),
            "batches": .count(journal.batchCount),
            "records": .count(journal.recordCount),
            "written": journal.lastMoment.map { .string($0.text) } ?? .null,
            "ended_in_order": .bool(journal.isClosed),
            "sessions": .count(sessions.count),
            "uncertain_sessions": .count(uncertainCount),
            "cut_bytes": .count(journal.cutByteCount),
            "damage": .array(complaints.map { .string($0) }),
            "set_aside": .array(setAside.map { .string($0) }),
        ])
    }

    /// The same, with each session in few words.
    var wholeJSON: JSONValue {
        guard case .object(let members) = json else { return json }
        return .object(
            members.filter { $0.name != "sessions" } + [
                JSONValue.Member("sessions", .array(sessions.map { $0.json(isWhole: false) }))
            ])
    }
}

extension StoreReport.Session {
    /// The session; with `isWhole` every topic, subscription and message, else their numbers.
    func json(isWhole: Bool) -> JSONValue {
        var members = [
            JSONValue.Member("client", .string(ClientIDText.text(of: entry.key))),
            JSONValue.Member("written", .string(entry.moment.text)),
            JSONValue.Member("age_seconds", ageSeconds.map { .number($0) } ?? .null),
            JSONValue.Member("uncertain", .bool(entry.isUncertain)),
            JSONValue.Member("bytes", .count(entry.value.count)),
        ]
        guard case .success(let stored) = stored else {
            members.append(JSONValue.Member("unreadable", .string(Hexadecimal.text(isWhole ? entry.value : []))))
            return .object(members)
        }
        let contents = stored.record.contents
        members += [
            JSONValue.Member("link", .string(stored.link)),
            JSONValue.Member("address", .string(Hexadecimal.text(stored.address))),
            JSONValue.Member("node", contents.nodeID.map { .string(Hexadecimal.text($0)) } ?? .null),
            JSONValue.Member("phase", .string(contents.phase)),
            JSONValue.Member("clean", .bool(contents.isClean)),
            JSONValue.Member("keep_alive_seconds", .count(contents.keepAliveSeconds)),
            JSONValue.Member("sleep_seconds", .count(contents.sleepSeconds)),
            JSONValue.Member("silence_seconds", .number(Double(contents.silence.nanoseconds) / 1_000_000_000)),
            JSONValue.Member("will_topic", contents.willTopic.map { .string(ClientIDText.text(of: $0)) } ?? .null),
            JSONValue.Member("open_exchanges", .count(contents.openExchangeCount)),
            JSONValue.Member("waiting_bytes", .count(contents.waitingByteCount)),
        ]
        return .object(members + (isWhole ? contents.everything : contents.counts))
    }
}

extension SessionContents {
    fileprivate var counts: [JSONValue.Member] {
        [
            JSONValue.Member("topics", .count(topics.count)),
            JSONValue.Member("subscriptions", .count(subscriptions.count)),
            JSONValue.Member("messages", .count(messages.count)),
        ]
    }

    /// Payloads are hexadecimal.
    fileprivate var everything: [JSONValue.Member] {
        [
            JSONValue.Member(
                "topics",
                .array(
                    topics.map { topic in
                        .object(["id": .count(Int(topic.id)), "name": .string(ClientIDText.text(of: topic.name))])
                    })),
            JSONValue.Member(
                "subscriptions",
                .array(
                    subscriptions.map { subscription in
                        .object([
                            "filter": .string(ClientIDText.text(of: subscription.filter)),
                            "qos": .count(subscription.qos),
                        ])
                    })),
            JSONValue.Member(
                "messages",
                .array(
                    messages.map { message in
                        .object([
                            "topic": .string(ClientIDText.text(of: message.topic)), "qos": .count(message.qos),
                            "retain": .bool(message.retain), "payload": .string(Hexadecimal.text(message.payload)),
                        ])
                    })),
        ]
    }
}
