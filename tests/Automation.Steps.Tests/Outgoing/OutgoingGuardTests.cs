using System.Net;
using System.Net.Sockets;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Steps.Tests.Support;

namespace Automation.Steps.Tests.Outgoing;

public sealed class OutgoingGuardTests
{
    [Theory]
    [MemberData(nameof(OutgoingTricks.All), MemberType = typeof(OutgoingTricks))]
    public async Task A_trick_does_not_reach_anything(string url)
    {
        // A port that answers, and whatever has no port of its own is sent there: what gets through would be seen.
        await using var server = ScriptedServer.Answering(200);
        var caller = Some.Caller(guard: Some.Guard());

        foreach (var target in url.Contains(OutgoingTricks.Port, StringComparison.Ordinal) ? [url.Replace(OutgoingTricks.Port, $"{server.Port}", StringComparison.Ordinal)] : new[] { url })
        {
            var result = await caller.SendAsync(new HttpCall { Url = target }, Some.Token);

            Assert.True(result.End == HttpCallEnd.Refused, $"{target}: {result.End}, {result.Error}");
            Assert.False(string.IsNullOrWhiteSpace(result.Error));
            Assert.Equal(result.Error, Assert.Single(result.Exchanges).Error);
        }

        Assert.Empty(server.Requests);
        Assert.Equal(0, server.Connections);
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
    public void There_are_enough_tricks_and_none_twice()
    {
        Assert.InRange(OutgoingTricks.All.Count, 60, 1000);
        Assert.Equal(OutgoingTricks.All.Count, OutgoingTricks.All.Select(t => (string)t.Data).Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>The resolver says a public address when it is asked first, and another one when the connection is made.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("0.0.0.0")]
    public async Task A_name_that_is_rebound_is_refused_at_the_connection(string second)
    {
        await using var server = ScriptedServer.Answering(200);
        var guard = Some.GuardWhere(new() { ["rebind.example"] = [["8.8.8.8"], [second]] });
        Assert.Single(await guard.PermittedAsync("rebind.example", server.Port, Some.Token));

        var result = await Some.Caller(guard: guard).SendAsync(new HttpCall { Url = $"http://rebind.example:{server.Port}/", MaxRedirects = 5 }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Contains("\"rebind.example\"", result.Error);
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task A_name_is_resolved_and_judged_again_for_each_connection()
    {
        // Allowed by address: the first answer of the resolver may be called, the second may not.
        await using var server = new ScriptedServer((_, connection) => connection.AnswerAsync(200, "{}", "application/json", "Connection: close\r\n"));
        var caller = Some.Caller(guard: Some.GuardWhere(new() { ["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]] }, $"127.0.0.1:{server.Port}"));
        var call = new HttpCall { Url = $"http://rebind.example:{server.Port}/" };

        Assert.Equal(HttpCallEnd.Answered, (await caller.SendAsync(call, Some.Token)).End);
        Assert.Equal(HttpCallEnd.Refused, (await caller.SendAsync(call, Some.Token)).End);

        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("http://[::ffff:127.0.0.1]:{port}/")]
    [InlineData("//localhost:{port}/")]
    [InlineData("http://2130706433:{port}/")]
    [InlineData("http://user@localhost:{port}/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://rebind.example:{port}/")]
    public async Task A_redirect_ends_at_the_same_check(string location)
    {
        await using var inner = ScriptedServer.Answering(200, "{\"secret\":1}");
        await using var outer = ScriptedServer.AnsweringInTurn((302, $"Location: {location.Replace("{port}", $"{inner.Port}", StringComparison.Ordinal)}\r\n"));
        var caller = Some.Caller(guard: Some.GuardWhere(new() { ["rebind.example"] = [["127.0.0.1"]] }, $"127.0.0.1:{outer.Port}"));

        var result = await caller.SendAsync(new HttpCall { Url = outer.Url, MaxRedirects = 5 }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Equal(0, inner.Connections);
        Assert.Equal([302, null], result.Exchanges.Select(e => e.StatusCode));
    }

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
