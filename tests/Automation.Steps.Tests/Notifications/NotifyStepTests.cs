using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Steps.Http;
using Automation.Steps.Notifications;
using Automation.Steps.Secrets;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Notifications;

public sealed class NotifyStepTests
{
    private const string Type = "Automation.Notify";

    [Theory]
    [InlineData("starttls", MailSecurity.StartTls)]
    [InlineData("secure", MailSecurity.Tls)]
    [InlineData("plain", MailSecurity.None)]
    public async Task A_mail_reaches_a_real_mail_server(string mode, MailSecurity security)
    {
        await using var host = await StartAsync();
        await using var server = await MailServer.StartAsync(mode);
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        await host.Get<ChannelStore>().SetAsync("mail", Mail(server, security), Some.Token);

        await host.RunAsync(Step(
            Type, "n", ("channel", "mail"), ("to", "Ann <ann@example.org>, bob@bücher.example"), ("subject", "Grüße — 你好 " + new string('x', 100)),
            ("body", ".a line that begins with a dot\r\n\r\n.\r\nend"), ("html", "<b>Hallo</b>"), ("attachments", """[{"name":"ü.txt","content":"inside"},{"name":"b.txt","content":"1","contentType":"application/json"}]"""),
            ("status", Into("A"))), WriteLine("w", "{{ Variables.A }}"));

        var mail = await server.NextAsync();
        Assert.Equal(["Sent"], host.Lines);
        Assert.Equal(security != MailSecurity.None, mail.GetProperty("secure").GetBoolean());
        Assert.Equal(security != MailSecurity.None ? "robot" : null, mail.GetProperty("user").GetString());
        Assert.Equal(["ann@example.org", "bob@bücher.example"], mail.GetProperty("envelopeTo").EnumerateArray().Select(t => t.GetString()));
        Assert.Equal("Grüße — 你好 " + new string('x', 100), mail.GetProperty("subject").GetString());
        Assert.Equal("Robot", mail.GetProperty("from").GetProperty("name").GetString());
        Assert.Equal(".a line that begins with a dot\n\n.\nend", mail.GetProperty("text").GetString()!.ReplaceLineEndings("\n").TrimEnd());
        Assert.Equal("<b>Hallo</b>", mail.GetProperty("html").GetString()!.Trim());
        Assert.Equal(
            [("ü.txt", "text/plain", "inside"), ("b.txt", "application/json", "1")],
            mail.GetProperty("attachments").EnumerateArray().Select(f => (f.GetProperty("name").GetString(), f.GetProperty("type").GetString(), f.GetProperty("text").GetString())));
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_sent()
    {
        await using var host = await StartAsync();
        await using var server = await MailServer.StartAsync("secure");
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        var channel = Mail(server, MailSecurity.Tls);
        channel.TrustedCertificate = null;
        await host.Get<ChannelStore>().SetAsync("mail", channel, Some.Token);

        var failed = await NotifyAsync(host, "mail", ("to", "ann@example.org"));

        Assert.Equal(NotificationStatus.Failed, failed.Status);
        Assert.StartsWith("The TLS connection to", failed.Note);
        Assert.Contains($"set \"trustedCertificate\": \"{Mail(server, MailSecurity.Tls).TrustedCertificate!.ToUpperInvariant()}\"", failed.Note);
    }

    [Fact]
    public async Task TLS_with_a_server_that_begins_in_the_clear_says_what_to_set()
    {
        await using var host = await StartAsync();
        await using var server = await MailServer.StartAsync("starttls");
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        await host.Get<ChannelStore>().SetAsync("mail", Mail(server, MailSecurity.Tls), Some.Token);

        var failed = await NotifyAsync(host, "mail", ("to", "ann@example.org"));

        Assert.Contains("\"security\": \"StartTls\"", failed.Note);
    }

    [Fact]
    public async Task What_the_mail_server_refuses_for_good_is_not_repeated_and_what_it_puts_off_is()
    {
        await using var host = await StartAsync();
        await using var server = await MailServer.StartAsync("starttls");
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        await host.Get<ChannelStore>().SetAsync("mail", Mail(server, MailSecurity.Auto), Some.Token);

        var refused = await NotifyAsync(host, "mail", ("to", "nobody@example.org"));
        var putOff = await NotifyAsync(host, "mail", ("to", "later@example.org"));

        Assert.Equal((NotificationStatus.Failed, 1), (refused.Status, refused.Attempts));
        Assert.Contains("No such mailbox", refused.Note);
        Assert.Equal((NotificationStatus.Sent, 2), (putOff.Status, putOff.Attempts));
    }

    [Fact]
    public async Task Who_is_refused_keeps_nobody_else_from_getting_the_mail_and_who_is_put_off_gets_it_later()
    {
        await using var host = await StartAsync(settings: ("Automation:Steps:Notifications:SweepInterval", "00:00:00.100"));
        await using var server = await MailServer.StartAsync("starttls");
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        await host.Get<ChannelStore>().SetAsync("mail", Mail(server, MailSecurity.Auto), Some.Token);

        var sent = await NotifyAsync(host, "mail", ("to", "nobody@example.org, Ann <ann@example.org>, later@example.org, bob@example.org"));
        var first = await server.NextAsync();
        var rest = (await host.Get<NotificationLog>().FindAsync(sent.Id + "-later", Some.Token))!;
        await DueNowAsync(host);
        var second = await server.NextAsync();

        Assert.Equal(NotificationStatus.Sent, sent.Status);
        Assert.Contains("Refused for nobody@example.org: The mail server answered 550", sent.Note);
        Assert.Contains("Put off for later@example.org: The mail server answered 451", sent.Note);
        Assert.Equal(["ann@example.org", "bob@example.org"], first.GetProperty("envelopeTo").EnumerateArray().Select(t => t.GetString()));
        Assert.Equal((NotificationStatus.Held, "later@example.org"), (rest.Status, rest.Recipient));
        Assert.Equal(["later@example.org"], second.GetProperty("envelopeTo").EnumerateArray().Select(t => t.GetString()));
    }

    [Fact]
    public async Task A_mail_that_everybody_is_refused_has_failed()
    {
        await using var host = await StartAsync();
        await using var server = await MailServer.StartAsync("plain");
        await host.Get<SecretStore>().SetAsync("mail", "s3cret-mail", Some.Token);
        await host.Get<ChannelStore>().SetAsync("mail", Mail(server, MailSecurity.None), Some.Token);

        var failed = await NotifyAsync(host, "mail", ("to", "nobody@example.org, nobody@example.com"));

        Assert.Equal((NotificationStatus.Failed, 1), (failed.Status, failed.Attempts));
        Assert.Contains("No such mailbox", failed.Note);
    }

    [Theory]
    [InlineData(ChannelKind.Slack, "text", "*T &lt;!channel&gt;*\nhello &amp; bye\nhttps://example.org/1")]
    [InlineData(ChannelKind.Discord, "content", "**T <!channel>**\nhello & bye\nhttps://example.org/1")]
    [InlineData(ChannelKind.Telegram, "text", "T <!channel>\nhello & bye\nhttps://example.org/1")]
    [InlineData(ChannelKind.Webhook, "text", "hello & bye")]
    [InlineData(ChannelKind.Teams, "type", "message")]
    public async Task Chats_get_the_message_in_their_own_form(ChannelKind kind, string member, string expected)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(200, "ok", "text/plain");
        var isHook = kind is ChannelKind.Slack or ChannelKind.Discord or ChannelKind.Teams;
        await host.Get<SecretStore>().SetAsync("s", isHook ? server.Url + "/hooks/T0p5ecret" : "T0p5ecret", Some.Token);
        await host.Get<ChannelStore>().SetAsync("chat", new ChannelOptions { Kind = kind, Secret = "s", Url = isHook ? null : server.Url, To = kind == ChannelKind.Telegram ? "42" : null }, Some.Token);

        var sent = await NotifyAsync(host, "chat", ("subject", "T <!channel>"), ("body", "hello & bye"), ("link", "https://example.org/1"));

        Assert.Equal(NotificationStatus.Sent, sent.Status);
        var request = Assert.Single(server.Requests);
        Assert.Equal(kind switch { ChannelKind.Telegram => "/botT0p5ecret/sendMessage", ChannelKind.Webhook => "/", _ => "/hooks/T0p5ecret" }, request.Target);
        Assert.Equal(expected, JsonDocument.Parse(request.Body).RootElement.GetProperty(member).GetString());
        var kept = await host.Exchanges.OfInstanceAsync(sent.InstanceId!, null, 10, Some.Token);
        Assert.DoesNotContain("T0p5ecret", JsonSerializer.Serialize(Assert.Single(kept)));
    }

    [Fact]
    public async Task Text_messages_go_to_each_number_in_the_provider_s_form()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(201);
        await host.Get<SecretStore>().SetAsync("s", "token-value", Some.Token);
        await host.Get<ChannelStore>().SetAsync("twilio", new ChannelOptions { Kind = ChannelKind.Sms, Preset = "twilio", UserName = "AC1", Secret = "s", From = "+100", Url = server.Url + "/m" }, Some.Token);
        await host.Get<ChannelStore>().SetAsync(
            "other", new ChannelOptions { Kind = ChannelKind.Sms, Url = server.Url + "/o", Secret = "s", From = "me", BodyTemplate = """{"dst":{{ to | json }},"m":{{ text | json }}}""" }, Some.Token);

        await NotifyAsync(host, "twilio", ("to", "+1, +2"), ("body", "hi \"there\""));
        await NotifyAsync(host, "other", ("to", "+3"), ("subject", ""), ("body", "hi \"there\""));

        Assert.Equal(
            ["/m To=%2B1&From=%2B100&Body=Hello%3A+hi+%22there%22", "/m To=%2B2&From=%2B100&Body=Hello%3A+hi+%22there%22", """/o {"dst":"+3","m":"hi \"there\""}"""],
            server.Requests.Select(r => r.Target + " " + r.Text));
        Assert.Equal("Basic QUMxOnRva2VuLXZhbHVl", server.Requests.First().Header("Authorization"));
        Assert.Equal("Bearer token-value", server.Requests.Last().Header("Authorization"));
    }

    [Fact]
    public async Task A_fallback_that_is_not_there_hides_nothing_of_why_the_first_failed()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(404, "no_service", "text/plain");
        await host.Get<ChannelStore>().SetAsync("slack", new ChannelOptions { Kind = ChannelKind.Slack, Url = server.Url, Fallback = "nobody" }, Some.Token);

        var failed = await NotifyAsync(host, "slack");

        Assert.Equal((NotificationStatus.Failed, "The channel answered 404: no_service. The fallback \"nobody\" does not exist."), (failed.Status, failed.Note));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_fallback_takes_over_when_the_first_fails_for_good(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        await using var server = ScriptedServer.Answering(404, "no_service", "text/plain");
        await host.Get<ChannelStore>().SetAsync("slack", new ChannelOptions { Kind = ChannelKind.Slack, Url = server.Url, Fallback = "people" }, Some.Token);
        await host.Get<ChannelStore>().SetAsync("people", new ChannelOptions { Kind = ChannelKind.Inbox, Fallback = "slack" }, Some.Token);

        var instance = await host.RunAsync(Step(Type, "n", ("channel", "slack"), ("subject", "Look"), ("status", Into("A"))), WriteLine("w", "{{ Variables.A }}"));

        Assert.Equal(["Sent"], host.Lines);
        var all = await host.Get<NotificationLog>().OfInstanceAsync(instance.Id, 10, Some.Token);
        Assert.Equal(["slack Failed", "people Sent"], all.OrderBy(n => n.Id.Length).Select(n => $"{n.Channel} {n.Status}"));
        Assert.Contains("404: no_service", all.Single(n => n.Channel == "slack").Note);
        var entry = Assert.Single(await host.Get<Inbox>().LatestAsync(unread: true, TimeCursor.Newest, 10, Some.Token));
        Assert.Equal(("Look", instance.Id), (entry.Subject, entry.InstanceId));
        Assert.Equal(1, await host.Get<Inbox>().UnreadAsync(Some.Token));
        Assert.True(await host.Get<Inbox>().MarkReadAsync(entry.Id, Some.Token));
        Assert.Equal(0, await host.Get<Inbox>().UnreadAsync(Some.Token));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_is_not_urgent_waits_for_the_end_of_quiet_hours(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Notifications:SweepInterval", "00:00:00.100"));
        var now = TimeOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await host.Get<ChannelStore>().SetAsync("people", new ChannelOptions { QuietHours = $"{now.AddHours(-1):HH:mm}-{now.AddHours(1):HH:mm}" }, Some.Token);

        var urgent = await NotifyAsync(host, "people", ("urgent", true));
        var held = await NotifyAsync(host, "people");

        Assert.Equal(NotificationStatus.Sent, urgent.Status);
        Assert.Equal(NotificationStatus.Held, held.Status);
        Assert.InRange(held.DueAt!.Value - held.CreatedAt, TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(61));
        Assert.Equal(1, await host.Get<Inbox>().UnreadAsync(Some.Token));
        var arrived = Arrived(host, 2);
        await DueNowAsync(host);
        await arrived;
        Assert.Equal(2, await host.Get<Inbox>().UnreadAsync(Some.Token));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_digest_puts_together_what_came_meanwhile(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider, ("Automation:Steps:Notifications:SweepInterval", "00:00:00.100"));
        await host.Get<ChannelStore>().SetAsync("people", new ChannelOptions { DigestEvery = TimeSpan.FromDays(7) }, Some.Token);
        var first = await NotifyAsync(host, "people", ("subject", "One"));
        await NotifyAsync(host, "people", ("subject", "Two"), ("severity", "Error"));

        var arrived = Arrived(host, 1);
        await DueNowAsync(host);
        await arrived;

        var entry = Assert.Single(await host.Get<Inbox>().LatestAsync(unread: false, TimeCursor.Newest, 10, Some.Token));
        Assert.Equal(("2 notifications", "Error"), (entry.Subject, entry.Severity));
        Assert.Contains("One", entry.Text);
        Assert.Contains("Two", entry.Text);
        Assert.Equal(NotificationStatus.InDigest, (await host.Get<NotificationLog>().FindAsync(first.Id, Some.Token))!.Status);
    }

    [Fact]
    public async Task More_than_the_limit_is_held()
    {
        await using var host = await StartAsync();
        await host.Get<ChannelStore>().SetAsync("people", new ChannelOptions { LimitPerMinute = 2 }, Some.Token);

        var all = new List<Notification>();
        for (var i = 0; i < 3; i++)
            all.Add(await NotifyAsync(host, "people"));

        Assert.Equal([NotificationStatus.Sent, NotificationStatus.Sent, NotificationStatus.Held], all.Select(n => n.Status));
    }

    [Fact]
    public async Task Two_servers_on_one_database_keep_the_limit_of_a_channel_together()
    {
        await using var one = await StartAsync(DatabaseProvider.PostgreSql);
        await using var other = await StartBesideAsync(one);
        await one.Get<ChannelStore>().SetAsync("people", new ChannelOptions { LimitPerMinute = 7 }, Some.Token);

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => NotifyAsync(i % 2 == 0 ? one : other, "people")));

        Assert.Equal(7, all.Count(n => n.Status == NotificationStatus.Sent));
        Assert.Equal(13, all.Count(n => n.Status == NotificationStatus.Held));
        Assert.Equal(7, await one.Get<Inbox>().UnreadAsync(Some.Token));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_limit_holds_in_every_minute_also_after_a_restart_and_when_it_is_changed(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        async Task<string> TakeAsync(int limit) => await new ChannelLimits(database.Database, clock).TakeAsync("people", limit, Some.Token) is { } free ? $"{(free - clock.GetUtcNow()).TotalSeconds}" : "now";

        Assert.Equal("now", await TakeAsync(2));
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("now", await TakeAsync(2));
        Assert.Equal("40", await TakeAsync(2));
        clock.Advance(TimeSpan.FromSeconds(39));
        Assert.Equal("1", await TakeAsync(2));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("now", await TakeAsync(2));
        Assert.Equal("20", await TakeAsync(2));
        Assert.Equal("60", await TakeAsync(1));
        Assert.Equal("now", await TakeAsync(3));
        Assert.Equal("20", await TakeAsync(3));
        Assert.Equal("now", await TakeAsync(100_000));
    }

    [Theory]
    [InlineData("""{"kind":"Pager"}""", "kind is \"Pager\"; there are Inbox, Email, Slack, Teams, Discord, Telegram, Webhook, Sms.")]
    [InlineData("""{"kind":7}""", "kind is 7; there are Inbox")]
    [InlineData("""{"kind":null}""", "kind is null; there are Inbox")]
    [InlineData("""{"kind":"Inbox","colour":"red"}""", "\"colour\" is no setting of a channel. There are kind, ")]
    [InlineData("""{"kind":"Email","security":"Strong"}""", "security is \"Strong\"; there are Auto, Tls, StartTls, None.")]
    [InlineData("""{"limitPerMinute":"many"}""", "limitPerMinute is \"many\"; it must be a whole number.")]
    [InlineData("""{"digestEvery":"5"}""", "digestEvery is \"5\"; it must be a duration such as 01:00:00 for an hour.")]
    [InlineData("""{"to":["ann@example.org"]}""", "to is [\"ann@example.org\"]; it must be a text.")]
    [InlineData("""["Inbox"]""", "not Array")]
    [InlineData("{kind", "not JSON")]
    public void A_channel_that_cannot_be_read_says_what_there_is(string json, string says) =>
        Assert.Contains(says, Assert.Throws<ChannelException>(() => ChannelReader.Read(json)).Message);

    [Fact]
    public void Kinds_are_read_in_any_case() => Assert.Equal(ChannelKind.Slack, ChannelReader.Read("""{"Kind":"slack","url":"https://hooks.slack.com/x"}""").Kind);

    [Theory]
    [InlineData("channel", "nowhere", "nowhere")]
    [InlineData("attachments", "{}", "Attachments")]
    [InlineData("severity", "Loud", "Loud")]
    public async Task Bad_input_is_an_incident_that_names_it(string input, string value, string says)
    {
        await using var host = await StartAsync();
        await host.Get<ChannelStore>().SetAsync("people", new ChannelOptions(), Some.Token);

        var instance = await host.RunAsync(Step(Type, "n", ("channel", "people"), ("body", "x"), (input, value)));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains(says, await host.StateAsync(instance.Id));
    }

    [Fact]
    public async Task The_designer_offers_the_channels_that_there_are()
    {
        await using var host = await StartAsync();
        await host.Get<ChannelStore>().SetAsync("stored", new ChannelOptions(), Some.Token);
        var lists = host.Get<IEnumerable<Automation.Workflows.Activities.ChoiceList>>().ToDictionary(l => l.Name, StringComparer.Ordinal);
        var inputs = host.Get<Automation.Workflows.Activities.ActivityCatalog>().Find(Type)!.Inputs.ToDictionary(i => i.Name, StringComparer.Ordinal);

        Assert.Contains("stored", (await lists[inputs["Channel"].OptionsFrom!].ReadAsync(Some.Token)).Select(c => c.Value));
        Assert.Equal("", (await lists[inputs["Fallback"].OptionsFrom!].ReadAsync(Some.Token))[0].Value);
    }

    private static ChannelOptions Mail(MailServer server, MailSecurity security) => new()
    {
        Kind = ChannelKind.Email, Host = "127.0.0.1", Port = server.Port, Security = security, From = "Robot <robot@example.org>",
        UserName = security == MailSecurity.None ? null : "robot", Secret = "mail", TrustedCertificate = server.Fingerprint,
    };

    private static async Task<Notification> NotifyAsync(StepsHost host, string channel, params (string Name, object Value)[] inputs)
    {
        (string, object)[] all = [("channel", channel), .. inputs.Any(i => i.Name == "subject") ? Array.Empty<(string, object)>() : [("subject", "Hello")], .. inputs];
        var instance = await host.RunAsync(Step(Type, "n", all));
        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        return (await host.Get<NotificationLog>().OfInstanceAsync(instance.Id, 10, Some.Token))[0];
    }

    private static Task DueNowAsync(StepsHost host) =>
        host.Database.CommitAsync(new WriteUnit().Add(new SqlStatement("UPDATE notifications SET due_at = 1 WHERE status = 'Held'")), cancellationToken: Some.Token);

    /// <summary>Done when the inbox has that many entries.</summary>
    private static async Task Arrived(StepsHost host, int count)
    {
        var inbox = host.Get<Inbox>();
        var changed = new SemaphoreSlim(0);
        inbox.OnChanged(() => changed.Release());
        while ((await inbox.LatestAsync(unread: false, TimeCursor.Newest, 100, Some.Token)).Count < count)
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30), Some.Token));
    }

    [Theory]
    [InlineData(ChannelKind.Webhook)]
    [InlineData(ChannelKind.Sms)]
    public async Task What_a_channel_repeats_of_its_url_is_not_kept(ChannelKind kind)
    {
        await using var host = await StartAsync();
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(400, JsonSerializer.Serialize(r.Target)));
        await host.Get<ChannelStore>().SetAsync("hook", new ChannelOptions { Kind = kind, Url = server.Url + "/x?key=t0p-s3cret", To = "42" }, Some.Token);

        var instance = await host.RunAsync(Step("Automation.Notify", "n", ("channel", "hook"), ("body", "hello")));

        Assert.Equal("/x?key=t0p-s3cret", Assert.Single(server.Requests).Target);
        Assert.Equal("The channel answered 400: \"/x?key=***\"", (await host.Get<NotificationLog>().OfInstanceAsync(instance.Id, 10, Some.Token))[0].Note);
    }

    [Theory]
    [InlineData(ChannelKind.Discord, "content", 2000, false)]
    [InlineData(ChannelKind.Telegram, "text", 4096, false)]
    [InlineData(ChannelKind.Telegram, "text", 4096, true)]
    [InlineData(ChannelKind.Sms, "text", 1600, false)]
    public async Task A_text_that_is_too_long_is_cut_before_its_link_and_the_record_says_so(ChannelKind kind, string member, int most, bool markup)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(200);
        await host.Get<SecretStore>().SetAsync("s", "T0p5ecret", Some.Token);
        await host.Get<ChannelStore>().SetAsync("chat", new ChannelOptions { Kind = kind, Secret = "s", Url = server.Url, To = "42" }, Some.Token);

        var instance = await host.RunAsync(Step(
            "Automation.Notify", "n", ("channel", "chat"), ("body", "<b>" + string.Concat(Enumerable.Repeat("\U0001F600", 3000)) + "</b>"), ("link", "https://example.org/1"), ("format", markup ? "Markup" : "")));

        var sent = JsonElement.Parse(Assert.Single(server.Requests).Text);
        var text = sent.GetProperty(member).GetString()!;
        Assert.InRange(text.Length, most - 1, most);
        Assert.EndsWith("\U0001F600…\nhttps://example.org/1", text, StringComparison.Ordinal);
        Assert.Equal(markup, !text.StartsWith("<b>", StringComparison.Ordinal));
        Assert.False(sent.TryGetProperty("parse_mode", out _));
        Assert.Equal($"200. The text was cut: the channel takes {most} characters.", (await host.Get<NotificationLog>().OfInstanceAsync(instance.Id, 10, Some.Token))[0].Note);
    }

    [Theory]
    [InlineData(ChannelKind.Webhook, "https://10.0.0.1/hook", null, "\"10.0.0.1\" port 443")]
    [InlineData(ChannelKind.Webhook, "https://[fd00::1]/hook", null, "\"[fd00::1]\" port 443")]
    [InlineData(ChannelKind.Email, null, "192.168.1.25", "\"192.168.1.25\" port 587")]
    public async Task A_channel_to_an_address_that_no_call_may_reach_is_refused_when_it_is_stored(ChannelKind kind, string? url, string? mailServer, string says)
    {
        await using var host = await StartAsync();

        var refused = await Assert.ThrowsAsync<ChannelException>(() => host.Get<ChannelStore>().SetAsync("x", new ChannelOptions { Kind = kind, Url = url, Host = mailServer, From = "a@example.org" }, Some.Token));

        Assert.StartsWith($"Calls to {says} are refused", refused.Message);
        Assert.Contains("Automation:Steps:Outgoing:AllowedHosts", refused.Message);
    }
}
