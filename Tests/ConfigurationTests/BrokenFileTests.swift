import Configuration
import Testing

/// Proves where `swiftlet check` points and what it says, for each kind of mistake.
@Suite struct BrokenFileTests {
    /// What the file's text is not, as TOML; one error ends the reading.
    @Test(arguments: [
        ("[gateway]\nid 1\n", "2:4: expected '=' after the key 'id'; found '1'"),
        ("id", "1:3: expected '=' after the key 'id'; found the end of the file"),
        ("id =\n", "1:5: expected a value; found the end of the line"),
        ("[log]\nlevel = \"info\n", "2:9: the string does not end on its line"),
        ("a = 'x", "1:5: the string does not end on its line"),
        ("a = \"x\\\n\"", "1:7: a string cannot continue on the next line"),
        ("a = \"\"\"x\"\"\"", "1:5: multi-line strings are not supported"),
        ("a = '''x'''", "1:5: multi-line strings are not supported"),
        ("\"\"\"a\"\"\" = 1", "1:1: multi-line strings are not supported"),
        ("a = \"\\q\"", "1:6: there is no escape '\\q'"),
        ("a = \"\\u12G4\"", "1:6: this escape takes 4 hexadecimal digits"),
        ("a = \"\\U0001F60\"", "1:6: this escape takes 8 hexadecimal digits"),
        ("a = \"\\uD800\"", "1:6: U+D800 is not a character"),
        ("a = \"\\UFFFFFFFF\"", "1:6: U+FFFFFFFF is not a character"),
        ("a = 1979-05-27", "1:5: dates and times are not supported"),
        ("a = 1979-05-27T07:32:00Z", "1:5: dates and times are not supported"),
        ("a = 07:32:00", "1:5: dates and times are not supported"),
        ("a = -inf", "1:5: infinities and 'nan' are not supported"),
        ("a = nan", "1:5: infinities and 'nan' are not supported"),
        ("a = yes", "1:5: what stands here is not a value; strings stand in quotes"),
        ("a = 01", "1:5: '01' is not a number that TOML knows"),
        ("a = 1__0", "1:5: '1__0' is not a number that TOML knows"),
        ("a = 1_", "1:5: '1_' is not a number that TOML knows"),
        ("a = 1.", "1:5: '1.' is not a number that TOML knows"),
        ("a = .5", "1:5: '.5' is not a number that TOML knows"),
        ("a = 1.e5", "1:5: '1.e5' is not a number that TOML knows"),
        ("a = 1e", "1:5: '1e' is not a number that TOML knows"),
        ("a = +-1", "1:5: what stands here is not a value; strings stand in quotes"),
        ("a = 0x", "1:5: '0x' is not a number that TOML knows"),
        ("a = -0x1", "1:5: '-0x1' is not a number that TOML knows"),
        ("a = 0b2", "1:5: '0b2' is not a number that TOML knows"),
        ("a = 9223372036854775808", "1:5: '9223372036854775808' does not fit in 64 bits"),
        ("a = 0x8000000000000000", "1:5: '0x8000000000000000' does not fit in 64 bits"),
        ("a = 1e999", "1:5: '1e999' is too large"),
        ("a = 1 b = 2", "1:7: expected the end of the line; found 'b'"),
        ("[a] b = 2", "1:5: expected the end of the line; found 'b'"),
        ("a = [1 2]", "1:8: expected ',' or ']' in the array; found '2'"),
        ("a = [1,\n", "2:1: expected a value; found the end of the file"),
        ("a = [,]", "1:6: expected a value; found ','"),
        ("a = { b = 1", "1:12: expected ',' or '}' in the inline table; found the end of the file"),
        ("a = { b = 1,\nc = 2 }", "1:13: an inline table must stand on one line"),
        ("a = { b = 1\n}", "1:12: an inline table must stand on one line"),
        ("a = { b = 1, }", "1:12: a comma at the end of an inline table is not supported"),
        ("a = { , }", "1:7: expected a key; found ','"),
        ("[a", "1:3: expected ']' after the table's name; found the end of the file"),
        ("[[a]\n", "1:5: expected ']]' after the table's name; found the end of the line"),
        ("[]", "1:2: expected a key; found ']'"),
        ("[a.]", "1:4: expected a key; found ']'"),
        ("= 1", "1:1: expected a key; found '='"),
        ("é = 1", "1:1: expected a key; found 'é'"),
        ("a = 'é' é", "1:9: expected the end of the line; found 'é'"),
        ("a = \"\u{7}\"", "1:6: the control character U+0007 is not allowed"),
        ("# \u{7F}", "1:3: the control character U+007F is not allowed"),
        ("a = 1\rb = 2", "1:6: a carriage return without a line feed is not allowed"),
        ("\u{FEFF}a = 1", "1:1: byte-order marks are not supported"),
    ])
    func notTOML(text: String, error: String) { #expect(errors(text) == "f.toml:" + error) }

    @Test(arguments: [
        ("[gateway]\nid = 1\nid = 2", "3:1: the key 'id' is already set; the first one is at line 2, column 1"),
        ("a = 1\n\"a\" = 2", "2:1: the key 'a' is already set; the first one is at line 1, column 1"),
        ("t = {a = 1, a = 2}", "1:13: the key 'a' is already set; the first one is at line 1, column 6"),
        ("[a]\n\n[ a ]", "3:1: the table 'a' is defined twice; the first one is at line 1, column 1"),
        ("[a.b]\n[a]\n [a]", "3:2: the table 'a' is defined twice; the first one is at line 2, column 1"),
        ("[a]\nb.c = 1\n[a.b]", "3:1: the table 'b' is defined twice; the first one is at line 2, column 1"),
        ("a = 1\n[a]", "2:2: the key 'a' is already set; the first one is at line 1, column 1"),
        ("a = 1\na.b = 2", "2:1: the key 'a' is already set; the first one is at line 1, column 1"),
        ("a = 1\n[a.b]", "2:2: the key 'a' is already set; the first one is at line 1, column 1"),
        ("a = {b = 1}\na.c = 2", "2:1: the key 'a' is already set; the first one is at line 1, column 1"),
        ("a = {b = 1}\n[a.c]", "2:2: the key 'a' is already set; the first one is at line 1, column 1"),
        ("[a.b]\n[a]\nb.c = 1", "3:1: the key 'b' is already set; the first one is at line 1, column 4"),
        ("[a]\n[[a]]", "2:3: the key 'a' is already set; the first one is at line 1, column 2"),
        ("[[a]]\n[a]", "2:2: the key 'a' is already set; the first one is at line 1, column 3"),
        ("a = []\n[[a]]", "2:3: the key 'a' is already set; the first one is at line 1, column 1"),
    ])
    func writtenTwice(text: String, error: String) { #expect(errors(text) == "f.toml:" + error) }

    /// What the keys do not take.
    @Test(arguments: [
        ("[gateway]\nidd = 1", "2:1: unknown key 'gateway.idd'; did you mean 'gateway.id'?"),
        ("[weather]\nx = 1", "1:2: unknown key 'weather'"),
        ("\"gateway.id\" = 1", "1:1: unknown key '\"gateway.id\"'; did you mean 'gateway.id'?"),
        ("[gateway]\nid = 256", "2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found 256"),
        ("gateway.id = -1", "1:14: 'gateway.id' must be an integer from 0 to 255 (GwId); found -1"),
        ("[gateway]\nid = \"1\"", "2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found a string"),
        ("[gateway]\nid = 1.5", "2:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found 1.5"),
        ("[gateway.id]", "1:10: 'gateway.id' must be an integer from 0 to 255 (GwId); found a table"),
        ("gateway = true", "1:1: 'gateway' must be a table, written [gateway]; found true"),
        ("[[gateway]]", "1:3: 'gateway' must be a table, written [gateway]; found a list of tables"),
        ("[udp]\nlisten = ''", "1:2: 'udp' must be a list of tables, written [[udp]]; found a table"),
        ("topic = [{id = 1, name = 't'}, 7]", "1:32: 'topic' must hold tables; found 7"),
        (
            "broker.keep_alive_seconds = 0",
            "1:29: 'broker.keep_alive_seconds' must be an integer from 1 to 65535 seconds; found 0"
        ),
        (
            "clients.exchanges = 1025",
            "1:21: 'clients.exchanges' must be an integer from 1 to 1024 exchanges; found 1025"
        ),
        (
            "clients.subscriptions = 16385",
            "1:25: 'clients.subscriptions' must be an integer from 1 to 16384 subscriptions; found 16385"
        ),
        (
            "limits.queued_bytes = 1099511627777",
            "1:23: 'limits.queued_bytes' must be an integer from 1 to 1_099_511_627_776 bytes; found 1099511627777"
        ),
        (
            "log.level = 'loud'",
            "1:13: 'log.level' must be one of \"error\", \"warning\", \"info\", \"debug\", \"trace\"; found 'loud'"
        ),
        (
            "log.level = 3",
            "1:13: 'log.level' must be one of \"error\", \"warning\", \"info\", \"debug\", \"trace\"; found 3"
        ),
        ("broker.url = 'ssl://h'", "1:14: 'broker.url' must start with 'mqtts://' for TLS; found 'ssl'"),
        (
            "broker.url = 1",
            "1:14: 'broker.url' must be text of the form mqtt[s]://HOST[:PORT] or ws[s]://HOST[:PORT][/PATH], or a list"
                + " of up to 8; found 1"
        ),
        (
            "broker.url = []",
            "1:14: 'broker.url' must be text of the form mqtt[s]://HOST[:PORT] or ws[s]://HOST[:PORT][/PATH], or a list"
                + " of up to 8; found 0 elements"
        ),
        (
            "broker.url = ['mqtt://a', 'mqtt://b', 'mqtt://a:1883']",
            "1:39: an element of 'broker.url' must not come again; found mqtt://a:1883"
        ),
        (
            "broker.url = ['mqtt://a', 'ssl://b']",
            "1:27: an element of 'broker.url' must start with 'mqtts://' for TLS; found 'ssl'"
        ),
        (
            "tls.ca_file = '/ca.pem'",
            "1:15: 'tls.ca_file' is for a broker.url that begins with mqtts:// or wss://; this one is without TLS"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.ca_file = 'ca.pem'",
            "2:15: 'tls.ca_file' must be the path of a file that begins with '/'; found 'ca.pem'"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.key_file = '/k'",
            "2:16: 'tls.key_file' needs 'tls.certificate_file'"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.certificate_file = '/c'",
            "2:24: 'tls.certificate_file' needs 'tls.key_file'"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.key_passphrase = 'p'",
            "2:22: 'tls.key_passphrase' needs 'tls.key_file'"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.minimum_version = '1.1'",
            "2:23: 'tls.minimum_version' must be one of \"1.2\", \"1.3\"; found '1.1'"
        ),
        (
            "broker.url = 'mqtts://h'\ntls.alpn = ['']",
            "2:13: an element of 'tls.alpn' must be a protocol's name, such as mqtt; found ''"
        ),
        (
            "[broker]\nurl = 'mqtt://host:99999'",
            "2:7: 'broker.url' must have a port from 1 to 65535 or none; found '99999'"
        ),
        (
            "broker.shared_client_id = ''",
            "1:27: 'broker.shared_client_id' must be text of 1 to 65535 bytes; found 0 bytes"
        ),
        ("broker.username = \"a\\u0000\"", "1:19: 'broker.username' must not hold U+0000, which MQTT forbids"),
        ("[[udp]]\nretry_count = 1", "1:1: this [[udp]] lacks the key 'udp.listen'"),
        ("udp = [{}]", "1:8: this [[udp]] lacks the key 'udp.listen'"),
        ("udp = []", "1:1: there must be 1 to 64 [[udp]] listeners; found 0"),
        (
            "[[topic]]\nid = 65535\nname = 't'",
            "2:6: 'topic.id' must be an integer from 1 to 65534 (0 and 65535 are reserved); found 65535"
        ),
        (
            "[[topic]]\nid = 0\nname = 't'",
            "2:6: 'topic.id' must be an integer from 1 to 65534 (0 and 65535 are reserved); found 0"
        ),
        ("[[topic]]\nid = 1", "1:1: this [[topic]] lacks the key 'topic.name'"),
        ("gateway.lenient = 1", "1:19: 'gateway.lenient' must be true or false; found 1"),
        ("gateway.lenient = 'true'", "1:19: 'gateway.lenient' must be true or false; found a string"),
        (
            "clients.queue_policy = 'dropOldest'",
            "1:24: 'clients.queue_policy' must be one of \"drop-oldest\", \"drop-newest\"; found 'dropOldest'"
        ),
        (
            "[sleep]\npacing_milliseconds = 60001",
            "2:23: 'sleep.pacing_milliseconds' must be an integer from 0 to 60000 milliseconds; found 60001"
        ),
        (
            "[discovery]\nadvertise_interval_seconds = 0",
            "2:30: 'discovery.advertise_interval_seconds' must be an integer from 1 to 65535 seconds; found 0"
        ),
    ])
    func notTaken(text: String, error: String) { #expect(errors(text) == "f.toml:" + error) }

    /// What a listener's lists do not take: each wrong element is named where it stands.
    @Test(arguments: [
        (
            "groups = 'udp://239.255.0.1'",
            "1:44: 'udp.groups' must be a list of up to 16 udp://ADDRESS[:PORT]; found a string"
        ),
        (
            "groups = [\(String(repeating: "'udp://239.255.0.1', ", count: 17))]",
            "1:44: 'udp.groups' must be a list of up to 16 udp://ADDRESS[:PORT]; found 17"
        ),
        (
            "forwarders = [\(String(repeating: "'any', ", count: 1_001))]",
            "1:48: 'udp.forwarders' must be a list of up to 1000 IP addresses or \"any\"; found 1001"
        ),
        ("groups = ['udp://239.255.0.1', 7]", "1:66: an element of 'udp.groups' must be text; found 7"),
        (
            "groups = ['udp://239.255.0.1', 'udp://lan:1', '239.255.0.2']",
            """
            1:66: an element of 'udp.groups' must have an IP address; found 'lan'
            f.toml:1:81: an element of 'udp.groups' must start with 'udp://', as in udp://239.255.18.84:1884
            """
        ),
        (
            "groups = ['udp://239.255.0.1:0']",
            "1:45: an element of 'udp.groups' must have a port from 1 to 65535 or none; found '0'"
        ),
        (
            "forwarders = ['10.0.0.1', 'all']",
            "1:61: an element of 'udp.forwarders' must be an IP address or 'any'; found 'all'"
        ),
        ("interface = 'eth 0'", "1:47: 'udp.interface' must be the name of a network interface; found 'eth 0'"),
    ])
    func notTakenByAListener(keys: String, error: String) {
        #expect(errors("udp = [{listen = 'udp://0.0.0.0', \(keys)}]") == "f.toml:" + error)
    }

    /// What a listener, its groups and its forwarders must keep between them.
    @Test(arguments: [
        (
            "listen = 'udp://0.0.0.0'\ngroups = ['udp://239.255.0.1', 'udp://[ff05::1]']",
            "3:32: the group 'udp://[ff05::1]:1884' must be IPv4, as is its listener at udp://0.0.0.0:1884"
        ),
        (
            "listen = 'udp://[::]'\ngroups = ['udp://255.255.255.255']",
            "3:11: the group 'udp://255.255.255.255:1884' must be IPv6, as is its listener at udp://[::]:1884"
        ),
        (
            "listen = 'udp://[::]'\nforwarders = ['any', '::1', '10.0.0.1']",
            "3:29: the forwarder '10.0.0.1' must be IPv6, as is its listener at udp://[::]:1884"
        ),
        (
            "listen = 'udp://[::]'\ngroups = ['udp://[ff05::A]:1', 'udp://[ff05::b]:1', 'udp://[ff05::a]:1']",
            "3:53: the group 'udp://[ff05::a]:1' is given twice; the first one is at line 3, column 11"
        ),
        (
            "listen = 'udp://[::]'\ngroups = ['udp://[ff05::1]', 'udp://[ff02::1]']",
            "3:30: the group 'udp://[ff02::1]:1884' must name its interface, as in ff02::1%eth0, or the listener"
                + " 'udp.interface'"
        ),
        (
            "listen = 'udp://[::]'\ngroups = ['udp://[ff02::1%lo]', 'udp://[ff02::2%eth0]']",
            "3:33: the group 'udp://[ff02::2%eth0]:1884' must be on the interface 'lo', as a listener uses one for"
                + " all its groups"
        ),
        (
            "listen = 'udp://[::]'\ninterface = 'eth0'\ngroups = ['udp://[ff02::1%lo]']",
            "4:11: the group 'udp://[ff02::1%lo]:1884' must be on the interface 'eth0', as a listener uses one for"
                + " all its groups"
        ),
    ])
    func notTogetherInAListener(keys: String, error: String) {
        #expect(errors("[[udp]]\n" + keys) == "f.toml:" + error)
    }

    /// What several keys must keep between them.
    @Test(arguments: [
        ("proxy.username = 'u'", "1:18: 'proxy.username' needs 'proxy.url'"),
        ("proxy.url = 'http://p:1'\nproxy.password = 'p'", "2:18: 'proxy.password' needs 'proxy.username'"),
        (
            "proxy.url = 'http://p:1'\nproxy.username = 'u:p'",
            "2:18: 'proxy.username' must not hold a colon (RFC 7617 section 2)"
        ),
        (
            "proxy.url = 'http://p:1'\nbroker.url = 'ws://[fe80::1%eth0]'",
            "1:13: 'proxy.url' cannot lead to a broker.url that names an interface of this machine ('%')"
        ),
        ("broker.password = 'p'", "1:19: 'broker.password' needs 'broker.username' (MQTT 3.1.1 section 3.1.2.9)"),
        (
            "[broker]\nreconnect_minimum_seconds = 9\nreconnect_maximum_seconds = 8",
            "2:29: 'broker.reconnect_minimum_seconds' must not exceed 'broker.reconnect_maximum_seconds', which is 8"
        ),
        (
            "broker.reconnect_minimum_seconds = 61",
            "1:36: 'broker.reconnect_minimum_seconds' must not exceed 'broker.reconnect_maximum_seconds', which is 60"
        ),
        (
            "[[udp]]\nlisten = 'udp://[FD00::1]:1884'\n[[udp]]\nlisten = 'udp://[fd00::1]'",
            "4:10: two listeners at 'udp://[fd00::1]:1884'; the first one is at line 2, column 10"
        ),
        (
            "[[udp]]\nlisten = 'udp://0.0.0.0'\n[[udp]]\nlisten = 'udp://127.0.0.1'",
            "4:10: the listeners 'udp://127.0.0.1:1884' and 'udp://0.0.0.0:1884' cannot have one port, as one of them is"
                + " at all addresses; the first one is at line 2, column 10"
        ),
        (
            "[[topic]]\nid = 7\nname = 'a'\n[[topic]]\nid = 7\nname = 'b'",
            "5:6: topic id 7 is already set for all clients; the first one is at line 2, column 6"
        ),
        (
            "topic = [{id = 7, name = 'a', client = 'c'}, {id = 7, name = 'b', client = 'c'}]",
            "1:52: topic id 7 is already set for client 'c'; the first one is at line 1, column 16"
        ),
        ("topic = [{id = 7, name = 'a/+'}]", "1:26: 'topic.name' must not hold the wildcards '+' and '#'"),
        (
            "topic = [{id = 7, name = \"a\\u0085\"}]",
            "1:26: 'topic.name' must not hold control characters and non-characters of Unicode"
        ),
        (
            "limits.topic_levels = 3\ntopic = [{id = 7, name = 'a/b/c/d'}]",
            "2:26: 'topic.name' has 4 levels; 'limits.topic_levels' allows 3"
        ),
        (
            "topic = [{id = 7, name = 'a/${clientid}'}]",
            "1:26: 'topic.name' holds '${', and the variables are ${client_id}, ${gateway_id}; found '${clientid'"
        ),
        (
            "topic = [{id = 7, name = 'a/${node}'}]",
            "1:26: 'topic.name' holds '${', and the variables are ${client_id}, ${gateway_id}; found '${node}'"
        ),
        (
            "topic = [{id = 7, client = 'a/b', name = '${client_id}'}]",
            "1:42: 'topic.name' has ${client_id} in it, and with '/', '+', '#' or a '$' in front 'topic.client' does not"
                + " make a topic name of it"
        ),
        (
            "clients.topic_name_bytes = 24\nclients.id_bytes = 23\ntopic = [{id = 7, name = 'a/${client_id}'}]",
            "3:26: 'topic.name' has 25 bytes with a ClientId of 'clients.id_bytes'; 'clients.topic_name_bytes' allows 24"
        ),
        ("topic = [{id = 7, name = '#'}]", "1:26: 'topic.name' must not hold the wildcards '+' and '#'"),
        (
            "clients.topic_name_bytes = 3\ntopic = [{id = 7, name = 'four'}]",
            "2:26: 'topic.name' has 4 bytes; 'clients.topic_name_bytes' allows 3"
        ),
        (
            "topic = [{id = 7, name = 'a', client = '\(String(repeating: "é", count: 12))'}]",
            "1:40: 'topic.client' has 24 bytes; 'clients.id_bytes' allows 23"
        ),
        (
            "broker.client_id_prefix = '\(String(repeating: "p", count: 65_513))'",
            "1:27: 'broker.client_id_prefix' must leave room for 'clients.id_bytes': it must be at most 65512 bytes"
        ),
    ])
    func notTogether(text: String, error: String) { #expect(errors(text) == "f.toml:" + error) }

    @Test func allErrorsInKeysAreReportedInTheFilesOrder() {
        let text = """
            [[topic]]
            id = 1
            name = "a/#"
            [broker]
            url = "tcp://host"
            keep_alive_secs = 5
            reconnect_minimum_seconds = 90
            reconnect_maximum_seconds = "x"
            [gateway]
            id = true
            """
        #expect(
            errors(text) == """
                f.toml:3:8: 'topic.name' must not hold the wildcards '+' and '#'
                f.toml:5:7: 'broker.url' must start with 'mqtt://', as in mqtt://127.0.0.1:1883; found 'tcp'
                f.toml:6:1: unknown key 'broker.keep_alive_secs'; did you mean 'broker.keep_alive_seconds'?
                f.toml:8:29: 'broker.reconnect_maximum_seconds' must be an integer from 1 to 86400 seconds; found a string
                f.toml:10:6: 'gateway.id' must be an integer from 0 to 255 (GwId); found true
                """)
    }

    @Test(arguments: [
        ([0x61, 0x3D, 0x27, 0xC3, 0xA9, 0xFF, 0x27], "f.toml:1:5: this is not UTF-8 text"),
        ([0x0A, 0x23, 0xC3], "f.toml:2:2: this is not UTF-8 text"),
        ([0xED, 0xA0, 0x80], "f.toml:1:1: this is not UTF-8 text"),
    ])
    func notText(bytes: [UInt8], error: String) { #expect(errors(bytes) == error) }

    @Test func columnsCountCharactersNotOctets() {
        #expect(errors("log.level = \"é😀\" x") == "f.toml:1:18: expected the end of the line; found 'x'")
    }

    @Test func aMessageShowsNothingThatATerminalActsOn() {
        #expect(errors("\"\\u001B[2J\\u202E\" = 1") == "f.toml:1:1: unknown key 'U+001B[2JU+202E'")
        let long = String(repeating: "k", count: 1_000)
        #expect(errors("\(long) = 1") == "f.toml:1:1: unknown key '\(String(repeating: "k", count: 60))…'")
    }
}
