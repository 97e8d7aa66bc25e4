using System.Net;
using System.Net.Sockets;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Steps.Tests.Support;

namespace Automation.Steps.Tests.Outgoing;

public sealed class OutgoingGuardTests
{
    /// <summary>Each is a way in which people have got a server to call itself, its neighbours or its cloud's metadata.</summary>
    public static TheoryData<string> Tricks => new(
        "http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.1/", "http://127.0.1/", "http://127.255.255.254/", "http://2130706433/",
        "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://0177.0.0.01/", "http://017700000001/", "http://0x7f.1/",
        "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://localhost:8080/", "http://app.localhost/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/",
        "http://[::]/", "http://0/", "http://0.0.0.0/", "http://0.1.2.3/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:7f00:0001]/", "http://[::127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b::a00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "http://[fe80::1]/", "http://[fe80::5efe:10.0.0.1]/", "http://[2a00:1450::5efe:192.168.0.1]/", "http://[2a00:1450::200:5efe:10.0.0.1]/",
        "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[100::1]/", "http://[2001:db8::1]/",
        "http://[3fff::1]/", "http://[5f00::1]/", "http://[4000::1]/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
        "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/", "http://192.0.0.192/", "http://168.63.129.16/", "http://10.0.0.1/", "http://10.255.255.255/",
        "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/", "http://198.18.0.1/", "http://192.0.2.1/", "http://192.88.99.1/",
        "http://224.0.0.1/", "http://239.255.255.255/", "http://240.0.0.1/", "http://255.255.255.255/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://169.254.169.254.:80/",
        "http://user@127.0.0.1/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/", "http://127.0.0.1?@example.com/", "http://127.0.0.1\\@example.com/",
        "http://%31%32%37.0.0.1/", "http:127.0.0.1", "http:/127.0.0.1/", "//127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stats",
        "ldap://127.0.0.1/", "unix:/var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "net.pipe://localhost/x", "ws://127.0.0.1/",
        "data:text/plain,hello", "javascript:alert(1)", "jar:http://127.0.0.1!/", "", "   ", "not a url", "\\\\127.0.0.1\\x", "/\\127.0.0.1/", "http://this-server.invalid/", "http://", "http:///etc/passwd");

    [Theory]
    [MemberData(nameof(Tricks))]
    public async Task A_trick_does_not_reach_anything(string url)
    {
        // A port that answers: what gets through would be seen.
        await using var server = ScriptedServer.Answering(200);
        var caller = Some.Caller(guard: Some.Guard());
        var target = url.StartsWith("http://127.0.0.1/", StringComparison.Ordinal) ? $"http://127.0.0.1:{server.Port}/" : url;

        var result = await caller.SendAsync(new HttpCall { Url = target }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.False(string.IsNullOrWhiteSpace(result.Error));
        Assert.Empty(server.Requests);
        Assert.Equal(0, server.Connections);
        Assert.Equal(result.Error, Assert.Single(result.Exchanges).Error);
    }

    [Theory]
    [InlineData("http://unix:/var/run/docker.sock:/info")]
    [InlineData("http://ip6-localhost/")]
    [InlineData("http://no-such-name.invalid/")]
    public async Task A_name_that_only_some_machines_know_reaches_nothing(string url)
    {
        var result = await Some.Caller(guard: Some.Guard()).SendAsync(new HttpCall { Url = url }, Some.Token);

        Assert.True(result.End is HttpCallEnd.Refused or HttpCallEnd.FailedToConnect);
        Assert.Null(result.Answer);
    }

    [Fact]
    public void There_are_enough_tricks() => Assert.InRange(Tricks.Count, 60, 1000);

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("192.0.1.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001::200e")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("2002:808:808::1")]
    public async Task Public_addresses_are_permitted(string address) =>
        Assert.Equal([IPAddress.Parse(address)], await Some.Guard().PermittedAsync(address, 443, Some.Token));

    [Fact]
    public async Task A_name_is_judged_by_what_it_resolves_to_each_time_it_is_connected_to()
    {
        var guard = Some.GuardWhere(new() { ["rebind.example"] = [["8.8.8.8"], ["127.0.0.1"]] });

        Assert.Single(await guard.PermittedAsync("rebind.example", 80, Some.Token));
        var refusal = await Assert.ThrowsAsync<OutgoingRefusedException>(() => guard.PermittedAsync("rebind.example", 80, Some.Token).AsTask());

        Assert.Contains("\"rebind.example\"", refusal.Message);
        Assert.Contains("127.0.0.1 (loopback)", refusal.Message);
        Assert.Contains("Automation:Steps:Outgoing:AllowedHosts", refusal.Message);
    }

    [Fact]
    public async Task Of_several_addresses_only_the_public_ones_are_used()
    {
        var guard = Some.GuardWhere(new() { ["mixed.example"] = [["10.0.0.1", "8.8.8.8", "::1"]] });

        Assert.Equal([IPAddress.Parse("8.8.8.8")], await guard.PermittedAsync("mixed.example", 80, Some.Token));
    }

    [Theory]
    [InlineData("crm.internal", "crm.internal", 80, true)]
    [InlineData("crm.internal", "CRM.Internal.", 443, true)]
    [InlineData("crm.internal:8080", "crm.internal", 8080, true)]
    [InlineData("crm.internal:8080", "crm.internal", 80, false)]
    [InlineData("crm.internal", "other.internal", 80, false)]
    [InlineData("crm.internal", "evil-crm.internal", 80, false)]
    [InlineData("*.internal", "a.b.internal", 80, true)]
    [InlineData("*.internal", "internal", 80, false)]
    [InlineData("*.internal", "notinternal", 80, false)]
    [InlineData("10.1.0.0/16", "crm.internal", 80, true)]
    [InlineData("10.2.0.0/16", "crm.internal", 80, false)]
    [InlineData("10.1.2.3", "crm.internal", 80, true)]
    [InlineData("10.1.2.3:80", "crm.internal", 81, false)]
    [InlineData("10.1.2.3", "10.1.2.3", 80, true)]
    [InlineData("10.1.2.3:8443", "10.1.2.3", 8443, true)]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", 80, true)]
    [InlineData("[::1]:8080", "[::1]", 8080, true)]
    [InlineData("[::1]:8080", "[::1]", 8081, false)]
    [InlineData("::1", "[::1]", 80, true)]
    [InlineData("fd00::/8", "fd12::1", 80, true)]
    [InlineData("bücher.example", "xn--bcher-kva.example", 80, true)]
    public async Task What_is_allowed_by_name_address_or_range_is_permitted(string entry, string host, int port, bool permitted)
    {
        string[][] private1 = [["10.1.2.3"]];
        var guard = Some.GuardWhere(
            new()
            {
                ["crm.internal"] = private1, ["CRM.Internal."] = private1, ["other.internal"] = private1, ["evil-crm.internal"] = private1,
                ["a.b.internal"] = private1, ["internal"] = private1, ["notinternal"] = private1, ["xn--bcher-kva.example"] = private1,
            },
            entry);

        var asking = guard.PermittedAsync(host, port, Some.Token).AsTask();

        if (permitted)
            Assert.Single(await asking);
        else
            await Assert.ThrowsAsync<OutgoingRefusedException>(() => asking);
    }

    [Theory]
    [InlineData("http://crm.internal")]
    [InlineData("crm.internal/path")]
    [InlineData("crm.internal:0")]
    [InlineData("crm.internal:http")]
    [InlineData("10.0.0.0/33")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("")]
    [InlineData("a b")]
    public void An_entry_that_is_no_host_is_named_at_start(string entry)
    {
        var options = new OutgoingOptions { AllowedHosts = [entry] };

        var problem = Assert.Single(options.Validate(new System.ComponentModel.DataAnnotations.ValidationContext(options)));

        Assert.Contains($"\"{entry}\"", problem.ErrorMessage);
    }

    [Fact]
    public async Task A_redirect_to_a_private_address_ends_at_the_same_check()
    {
        await using var inner = ScriptedServer.Answering(200, "{\"secret\":1}");
        await using var outer = ScriptedServer.AnsweringInTurn((302, $"Location: http://[::ffff:127.0.0.1]:{inner.Port}/\r\n"));
        var caller = Some.Caller(guard: Some.Guard($"127.0.0.1:{outer.Port}"));

        var result = await caller.SendAsync(new HttpCall { Url = outer.Url, MaxRedirects = 5 }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Equal(0, inner.Connections);
        Assert.Equal([302, null], result.Exchanges.Select(e => e.StatusCode));
    }

    [Theory]
    [InlineData("HTTP_PROXY")]
    [InlineData("http_proxy")]
    [InlineData("ALL_PROXY")]
    public async Task A_proxy_of_the_environment_is_not_asked(string variable)
    {
        await using var proxy = ScriptedServer.Answering(200);
        var before = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, proxy.Url);
        try
        {
            var result = await Some.Caller(guard: Some.Guard($"127.0.0.1:{proxy.Port}")).SendAsync(new HttpCall { Url = "http://10.0.0.1/" }, Some.Token);

            Assert.Equal(HttpCallEnd.Refused, result.End);
            Assert.Equal(0, proxy.Connections);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }

    [Fact]
    public async Task A_name_with_a_dead_address_is_reached_by_its_next_one()
    {
        await using var server = ScriptedServer.Answering(200);
        var guard = Some.GuardWhere(new() { ["two.example"] = [["127.0.0.2", "127.0.0.1"]] }, "two.example");

        using var socket = await guard.ConnectAsync("two.example", server.Port, Some.Token);

        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task A_name_without_an_address_is_a_failed_connection_not_a_refusal()
    {
        var guard = Some.GuardWhere(new() { ["gone.example"] = [[]] });

        await Assert.ThrowsAsync<SocketException>(() => guard.PermittedAsync("gone.example", 80, Some.Token).AsTask());
    }
}
