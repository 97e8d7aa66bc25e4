using System.Collections.Concurrent;
using System.Text.Json;
using Automation.Steps.Deliveries;
using Automation.Steps.Editing;
using Automation.Steps.Notifications;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Deliveries;

public sealed class DeliverStepTests
{
    private const string Type = "Automation.Deliver";

    [Theory]
    [InlineData(DatabaseProvider.Sqlite, SignatureKind.V1)]
    [InlineData(DatabaseProvider.PostgreSql, SignatureKind.V1)]
    [InlineData(DatabaseProvider.Sqlite, SignatureKind.V1a)]
    public async Task A_delivery_is_signed_so_that_others_can_verify_it_also_after_a_rotation(DatabaseProvider provider, SignatureKind kind)
    {
        await using var host = await StartAsync(provider);
        await using var verifier = await Counterpart.StartAsync("verify.mjs");
        await using var server = new Receiver();
        var (endpoint, first) = await host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = server.Url, Signature = kind, EventTypes = ["invoice.*"] }, Some.Token);
        Assert.Equal(kind == SignatureKind.V1a ? [first] : [], host.Get<EndpointStore>().PublicKeys(endpoint));
        var second = await host.Get<EndpointStore>().RotateAsync(endpoint.Id, Some.Token);

        var instance = await host.RunAsync(Step(Type, "d", ("eventType", "invoice.paid"), ("payload", """{"amount":"12 € — ü"}"""), ("deliveryIds", Into("A"))));
        var seen = await server.NextAsync();

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        Assert.Equal("""{"amount":"12 € — ü"}""", seen.Text);
        Assert.Equal("invoice.paid", seen.Header("webhook-event"));
        var headers = new[] { "webhook-id", "webhook-timestamp", "webhook-signature" }.ToDictionary(h => h, h => seen.Header(h));
        foreach (var secret in new[] { first, second })
            Assert.Equal("""{"ok":true}""", (await verifier.AskAsync(new { secret, headers, body = seen.Text })).GetRawText());
        Assert.False((await verifier.AskAsync(new { secret = first, headers, body = seen.Text + " " })).GetProperty("ok").GetBoolean());
        await EndedAsync(host, Assert.Single(await host.Get<DeliveryLog>().OfInstanceAsync(instance.Id, 10, Some.Token)).Id, DeliveryStatus.Succeeded);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_fails_is_tried_again_under_the_same_id_and_can_be_sent_once_more(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Deliveries:RetryDelays:0", "00:00:00.010"), ("Automation:Steps:Deliveries:RetryDelays:1", "00:00:00.010"));
        var status = 500;
        await using var server = new Receiver(() => Volatile.Read(ref status));
        var (endpoint, _) = await host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = server.Url }, Some.Token);

        var instance = await host.RunAsync(Step(Type, "d", ("eventType", "x"), ("payload", "{}")));
        var id = Assert.Single(await host.Get<DeliveryLog>().OfInstanceAsync(instance.Id, 10, Some.Token)).Id;
        var failed = await EndedAsync(host, id, DeliveryStatus.Failed);
        Volatile.Write(ref status, 200);
        Assert.Equal(1, await host.Get<DeliveryLog>().ResendFailedAsync(endpoint.Id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Some.Token));
        await EndedAsync(host, id, DeliveryStatus.Succeeded);

        Assert.Equal((3, 500), (failed.Attempts, failed.StatusCode));
        Assert.Equal([1, 2, 3, 4], (await host.Get<DeliveryLog>().AttemptsAsync(id, Some.Token)).Select(a => a.Number));
        Assert.Equal(4, server.Seen.Count);
        Assert.Equal([id], server.Seen.Select(r => r.Header("webhook-id")).Distinct());
        Assert.False(await host.Get<DeliveryLog>().ResendAsync("msg_none", Some.Token));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_endpoint_that_is_gone_is_switched_off_and_told_and_what_waits_goes_out_when_it_is_back(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        var status = 410;
        await using var server = new Receiver(() => Volatile.Read(ref status));
        var (endpoint, _) = await host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = server.Url + "?token=t0p-s3cret" }, Some.Token);

        var first = await DeliverAsync(host, "x");
        await EndedAsync(host, first, DeliveryStatus.Failed);
        Assert.Contains("410", (await host.Get<EndpointStore>().FindAsync(endpoint.Id, Some.Token))!.DisabledReason);
        var told = Assert.Single(await host.Get<Inbox>().LatestAsync(unread: true, TimeCursor.Newest, 10, Some.Token));
        // Everybody reads the inbox: they learn which endpoint it is, not what stands behind the question mark.
        Assert.StartsWith(server.Url + "?… is switched off.", told.Text);
        Assert.Equal("/deliveries/endpoints/" + endpoint.Id, told.Link);
        var second = await DeliverAsync(host, "x");
        Assert.Equal((DeliveryStatus.Pending, null), (await host.Get<DeliveryLog>().FindAsync(second, Some.Token)) is { } waiting ? (waiting.Status, waiting.NextAt) : default);
        Volatile.Write(ref status, 200);
        await host.Get<EndpointStore>().ChangeAsync(endpoint.Id, endpoint.Settings, Some.Token);

        await EndedAsync(host, second, DeliveryStatus.Succeeded);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_is_on_its_way_when_its_endpoint_is_switched_off_is_held_and_goes_out_when_it_is_on_again(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Deliveries:RetryDelays:0", "00:00:00.001"));
        var (status, arrived, answer) = (500, new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = new ScriptedServer(async (_, connection) =>
        {
            arrived.TrySetResult();
            await answer.Task.WaitAsync(connection.Stopped);
            await connection.AnswerAsync(Volatile.Read(ref status), "{}");
        });
        var (store, log) = (host.Get<EndpointStore>(), host.Get<DeliveryLog>());
        var (endpoint, _) = await store.AddAsync(new EndpointSettings { Url = server.Url }, Some.Token);
        var id = await DeliverAsync(host, "x");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), Some.Token);

        await store.ChangeAsync(endpoint.Id, new EndpointSettings { Url = server.Url, Enabled = false }, Some.Token);
        var attempted = new TaskCompletionSource();
        log.OnAttempted(_ => attempted.TrySetResult());
        answer.SetResult();
        await attempted.Task.WaitAsync(TimeSpan.FromSeconds(30), Some.Token);

        var held = (await log.FindAsync(id, Some.Token))!;
        Assert.Equal((DeliveryStatus.Pending, 1, null, 500), (held.Status, held.Attempts, held.NextAt, held.StatusCode));
        Assert.Empty(await log.WaitingEndpointsAsync(Some.Token));
        Volatile.Write(ref status, 200);
        await store.ChangeAsync(endpoint.Id, endpoint.Settings, Some.Token);
        Assert.Equal(2, (await EndedAsync(host, id, DeliveryStatus.Succeeded)).Attempts);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_is_sent_once_more_to_an_endpoint_that_is_off_is_held_and_a_new_key_does_not_switch_it_on(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        var status = 410;
        await using var server = new Receiver(() => Volatile.Read(ref status));
        var (store, log) = (host.Get<EndpointStore>(), host.Get<DeliveryLog>());
        var (endpoint, _) = await store.AddAsync(new EndpointSettings { Url = server.Url }, Some.Token);
        var first = await DeliverAsync(host, "x");
        await EndedAsync(host, first, DeliveryStatus.Failed);
        var second = await DeliverAsync(host, "x");

        Assert.NotNull(await store.RotateAsync(endpoint.Id, Some.Token));
        Assert.Equal(1, await log.ResendFailedAsync(endpoint.Id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Some.Token));

        Assert.False((await store.FindAsync(endpoint.Id, Some.Token))!.IsActive);
        foreach (var id in new[] { first, second })
            Assert.Equal((DeliveryStatus.Pending, null), (await log.FindAsync(id, Some.Token)) is { } held ? (held.Status, held.NextAt) : default);
        Assert.False(await log.ResendAsync(first, Some.Token));
        Volatile.Write(ref status, 200);
        await store.ChangeAsync(endpoint.Id, endpoint.Settings, Some.Token);
        foreach (var id in new[] { first, second })
            await EndedAsync(host, id, DeliveryStatus.Succeeded);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task One_that_hangs_takes_nothing_from_the_others_and_limits_hold(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Deliveries:PerMinute", "10000"));
        await using var hanging = new ScriptedServer((_, connection) => connection.HangAsync());
        await using var healthy = new Receiver();
        var store = host.Get<EndpointStore>();
        await store.AddAsync(new EndpointSettings { Url = hanging.Url, EventTypes = ["slow"] }, Some.Token);
        await store.AddAsync(new EndpointSettings { Url = healthy.Url, EventTypes = ["fast"], Concurrency = 3 }, Some.Token);
        var publisher = host.Get<DeliveryPublisher>();

        var fast = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            await PublishAsync(host, publisher, "slow", null);
            fast.Add(await PublishAsync(host, publisher, "fast", null));
        }

        foreach (var id in fast)
            await EndedAsync(host, id, DeliveryStatus.Succeeded);
        Assert.Equal(50, healthy.Seen.Count);
        Assert.InRange(healthy.MostAtATime, 1, 3);
        Assert.InRange(hanging.Requests.Count, 1, 10);
    }

    [Fact]
    public async Task More_than_the_limit_of_a_minute_waits()
    {
        await using var host = await StartAsync(DatabaseProvider.Sqlite, ("Automation:Steps:Deliveries:PerMinute", "5"));
        await using var server = new Receiver();
        var (endpoint, _) = await host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = server.Url }, Some.Token);
        Assert.Equal(new EndpointQueue(0, 10, 5, FullUntil: null), await host.Get<EndpointQueues>().ReadAsync(endpoint, Some.Token));
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
            ids.Add(await PublishAsync(host, host.Get<DeliveryPublisher>(), "x", null));

        foreach (var id in ids[..5])
            await EndedAsync(host, id, DeliveryStatus.Succeeded);

        Assert.Equal(5, server.Seen.Count);
        Assert.Equal(DeliveryStatus.Pending, (await host.Get<DeliveryLog>().FindAsync(ids[5], Some.Token))!.Status);
        // Who looks is told how many wait, and until when.
        var queue = await host.Get<EndpointQueues>().ReadAsync(endpoint, Some.Token);
        Assert.Equal(3, queue.Waiting);
        var first = (await host.Get<DeliveryLog>().AttemptsAsync(ids[0], Some.Token))[0].StartedAt;
        Assert.InRange(queue.FullUntil!.Value, first, first.AddSeconds(62));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Events_of_a_key_arrive_in_order_where_that_is_asked_for(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Deliveries:PerMinute", "10000"), ("Automation:Steps:Deliveries:RetryDelays:0", "00:00:00.010"));
        var turn = 0;
        // Every third attempt fails.
        await using var server = new Receiver(() => Interlocked.Increment(ref turn) % 3 == 0 ? 500 : 200);
        await host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = server.Url, Ordered = true, RetryDelays = [.. Enumerable.Repeat(TimeSpan.FromMilliseconds(10), 10)] }, Some.Token);
        var ids = new List<(string Key, string Id)>();
        for (var i = 0; i < 20; i++)
            ids.Add(("k" + (i % 2), await PublishAsync(host, host.Get<DeliveryPublisher>(), "x", "k" + (i % 2))));

        foreach (var (_, id) in ids)
            await EndedAsync(host, id, DeliveryStatus.Succeeded);

        var order = server.Seen.Select(r => r.Header("webhook-id")!).Reverse().Distinct().Reverse().ToList();
        foreach (var key in new[] { "k0", "k1" })
            Assert.Equal(ids.Where(i => i.Key == key).Select(i => i.Id), order.Where(o => ids.Contains((key, o))));
    }

    [Fact]
    public async Task What_a_receiver_repeats_of_its_address_and_its_headers_is_not_kept()
    {
        await using var host = await StartAsync();
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(200, JsonSerializer.Serialize(new { r.Target, r.Headers })));
        await host.Get<EndpointStore>().AddAsync(
            new EndpointSettings { Url = server.Url + "/x?k=t0p%20s3cret-key&mode=short", Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = "Bearer s3cret-token", ["X-Plain"] = "plain-as-day" } }, Some.Token);

        var id = await DeliverAsync(host, "x");
        var delivery = await EndedAsync(host, id, DeliveryStatus.Succeeded);

        Assert.Equal("/x?k=t0p%20s3cret-key&mode=short", Assert.Single(server.Requests).Target);
        var exchange = Assert.Single(await host.Exchanges.OfInstanceAsync(delivery.InstanceId!, null, 10, Some.Token)).Exchange;
        Assert.Equal(server.Url + "/x?…", exchange.Url);
        var kept = JsonSerializer.Serialize(exchange) + JsonSerializer.Serialize(await host.Get<DeliveryLog>().AttemptsAsync(id, Some.Token));
        Assert.Contains("plain-as-day", kept);
        Assert.DoesNotContain("s3cret-key", kept);
        Assert.DoesNotContain("s3cret-token", kept);
    }

    [Theory]
    [InlineData("http://example.org/x", "https://")]
    [InlineData("ftp://example.org", "scheme")]
    [InlineData("/webhooks/inbox", "only a path")]
    [InlineData("https://user:pw@example.org", "user name")]
    [InlineData("https://10.0.0.1/x", "10.0.0.1 is not public (private network)")]
    [InlineData("https://[::1]:8443/x", "::1 is not public (loopback)")]
    public async Task An_endpoint_that_must_not_be_is_refused(string url, string says)
    {
        await using var host = await StartAsync();

        var refused = await Assert.ThrowsAsync<DeliveryException>(() => host.Get<EndpointStore>().AddAsync(new EndpointSettings { Url = url }, Some.Token));

        Assert.Contains(says, refused.Message);
    }

    [Fact]
    public async Task A_payload_that_does_not_fit_the_schema_is_an_incident()
    {
        await using var host = await StartAsync();
        await host.Get<EndpointStore>().SetEventTypeAsync(new DeliveryEventType("invoice.paid", null, """{"type":"object","required":["amount"]}"""), Some.Token);

        var instance = await host.RunAsync(Step(Type, "d", ("eventType", "invoice.paid"), ("payload", "{}")));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains("amount is missing", await host.StateAsync(instance.Id));
    }

    [Theory]
    [InlineData("\"{\"", "The schema at $ is neither an object nor true or false.")]
    [InlineData("{", "The schema is not JSON")]
    [InlineData("""{"type":"objekt"}""", "$.type is \"objekt\"")]
    [InlineData("""{"required":"amount"}""", "$.required is \"amount\"; it must be an array.")]
    [InlineData("""{"items":{"minLength":"3"}}""", "$.items.minLength is \"3\"; it must be a number.")]
    [InlineData("""{"properties":{"a":{"pattern":"("}}}""", "$.properties.a.pattern has the pattern")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "#/$defs/none")]
    public async Task A_schema_with_a_mistake_is_refused_when_it_is_stored(string schema, string says)
    {
        await using var host = await StartAsync();

        var refused = await Assert.ThrowsAsync<DeliveryException>(() => host.Get<EndpointStore>().SetEventTypeAsync(new DeliveryEventType("invoice.paid", null, schema), Some.Token));

        Assert.Contains(says, refused.Message);
    }

    private static async Task<string> DeliverAsync(StepsHost host, string type)
    {
        var instance = await host.RunAsync(Step(Type, "d", ("eventType", type), ("payload", "{}")));
        return Assert.Single(await host.Get<DeliveryLog>().OfInstanceAsync(instance.Id, 10, Some.Token)).Id;
    }

    private static async Task<string> PublishAsync(StepsHost host, DeliveryPublisher publisher, string type, string? key)
    {
        var deliveries = await publisher.PrepareAsync(type, null, [], key, null, null, Some.Token);
        var unit = new WriteUnit();
        publisher.AddTo(unit, deliveries);
        await host.Database.CommitAsync(unit, cancellationToken: Some.Token);
        return Assert.Single(deliveries).Id;
    }

    /// <summary>Waits for the commit that ends a delivery.</summary>
    private static async Task<Delivery> EndedAsync(StepsHost host, string id, DeliveryStatus status)
    {
        var changed = new SemaphoreSlim(0);
        host.Get<DeliveryLog>().OnAttempted(d =>
        {
            if (d.Id == id)
                changed.Release();
        });
        while (true)
        {
            var delivery = await host.Get<DeliveryLog>().FindAsync(id, Some.Token);
            if (delivery!.Status == status)
                return delivery;
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(60), Some.Token), $"{id} is {delivery.Status} after {delivery.Attempts} attempts: {delivery.Error}");
        }
    }

    /// <summary>A receiver that says how many requests it had at a time.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly ScriptedServer _server;
        private readonly SemaphoreSlim _arrived = new(0);
        private int _now;
        private int _most;

        public Receiver(Func<int>? status = null) => _server = new ScriptedServer(async (request, connection) =>
        {
            var now = Interlocked.Increment(ref _now);
            int most;
            while (now > (most = Volatile.Read(ref _most)) && Interlocked.CompareExchange(ref _most, now, most) != most)
            {
            }

            Seen.Enqueue(request);
            _arrived.Release();
            await Task.Yield();
            Interlocked.Decrement(ref _now);
            await connection.AnswerAsync(status?.Invoke() ?? 200, "{}");
        });

        public string Url => _server.Url;

        public ConcurrentQueue<SeenRequest> Seen { get; } = [];

        public int MostAtATime => _most;

        public async Task<SeenRequest> NextAsync()
        {
            Assert.True(await _arrived.WaitAsync(TimeSpan.FromSeconds(30), Some.Token));
            return Seen.First();
        }

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            _arrived.Dispose();
        }
    }
}
