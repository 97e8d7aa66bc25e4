using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Tests.Support;
using Automation.Jobs.Typed;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Typed;

public enum Color
{
    Red,
    Green,
}

public sealed class Box<T>
{
    public T? Content { get; set; }
}

public sealed record Order(int Number, string? Note);

public interface IMailer
{
    Task<string> SendAsync(int number, string? text, CancellationToken cancellationToken);
}

public sealed class Mailer(Recorded recorded) : IMailer
{
    public Task<string> SendAsync(int number, string? text, CancellationToken cancellationToken)
    {
        recorded.Values.Add((number, text, cancellationToken.CanBeCanceled, CultureInfo.CurrentCulture.Name));
        return Task.FromResult($"sent {number}");
    }

    [JobQueue("mail")]
    [AutomaticRetry(Attempts = 0)]
    public void Many(int number, DateTime at, double? factor, Color color, Dictionary<string, Order> orders, byte[] bytes, Guid? id, TimeSpan wait) =>
        recorded.Values.Add((number, at, at.Kind, factor, color, orders["a"].Number, bytes.Length, id, wait));

    public void Generic<T>(T value, Box<T> box) => recorded.Values.Add((typeof(T).Name, value, box.Content));

    [DisableConcurrentExecution(30)]
    public async Task AloneAsync(int number, JobContext context)
    {
        recorded.Most = Math.Max(recorded.Most, Interlocked.Increment(ref recorded.Now));
        await Task.Yield();
        context.Log($"number {number}");
        Interlocked.Decrement(ref recorded.Now);
    }

    [AutomaticRetry(Attempts = 0)]
    public void Fail() => throw new InvalidOperationException("as asked");

    public static void Static(string text) => Recorded.Last = text;
}

public sealed class Recorded
{
    public List<object> Values { get; } = [];

    public static string? Last { get; set; }

    public int Now;

    public int Most { get; set; }
}

public sealed class TypedJobTests : IAsyncDisposable
{
    private readonly Recorded _recorded = new();
    private JobsHost? _host;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private JobsHost Host => _host!;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_call_is_stored_with_simple_names_and_runs_in_its_culture(DatabaseProvider provider)
    {
        await CreateAsync(provider);
        var culture = CultureInfo.CurrentCulture;
        long id;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("de-DE");
            var number = 40;
            id = await Host.Calls.EnqueueAsync<IMailer>(m => m.SendAsync(number + 2, null, CancellationToken.None), cancellationToken: Token);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
            CultureInfo.CurrentUICulture = culture;
        }

        var job = Assert.Single(await Host.OfAsync("Job"));
        Host.IsJson(
            """{"Type":"Automation.Jobs.Tests.Typed.IMailer, Automation.Jobs.Tests","Method":"SendAsync","ParameterTypes":"[\"System.Int32\",\"System.String\",\"System.Threading.CancellationToken, mscorlib\"]","Arguments":"[\"42\",null,null]"}""",
            job.Text("invocationdata"));
        Host.IsJson("""["42",null,null]""", job.Text("arguments"));
        var parameter = Assert.Single(await Host.OfAsync("JobParameter"));
        Assert.Equal(("CurrentCulture", "\"de-DE\""), (parameter.Text("name"), parameter.Text("value")));

        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal((42, (string?)null, true, "de-DE"), Assert.Single(_recorded.Values));
        Assert.Equal("\"sent 42\"", (await Host.OfAsync("State"))[^1].Data()["Result"]);
    }

    [Fact]
    public async Task Arguments_of_many_types_come_back_as_they_were()
    {
        await CreateAsync(DatabaseProvider.Sqlite);
        var (at, id) = (new DateTime(2024, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), Guid.Parse("0b8a3b7e-0000-4000-8000-000000000001"));
        var orders = new Dictionary<string, Order> { ["a"] = new(7, null) };
        byte[] bytes = [1, 2, 3];
        var job = await Host.Calls.EnqueueAsync<Mailer>(
            m => m.Many(1, at, null, Color.Green, orders, bytes, id, TimeSpan.FromMinutes(1)), cancellationToken: Token);
        var stored = Assert.Single(await Host.OfAsync("Job"));
        Assert.Equal(
            ["System.Int32", "System.DateTime, mscorlib", "System.Nullable`1[[System.Double]], mscorlib", "Automation.Jobs.Tests.Typed.Color, Automation.Jobs.Tests",
                "System.Collections.Generic.Dictionary`2[[System.String],[Automation.Jobs.Tests.Typed.Order, Automation.Jobs.Tests]], mscorlib", "System.Byte[], mscorlib",
                "System.Nullable`1[[System.Guid, mscorlib]], mscorlib", "System.TimeSpan, mscorlib"],
            (IEnumerable<string?>)JobJson.ReadStringArray(stored.Data("invocationdata")["ParameterTypes"]));
        Assert.Equal(
            ["1", "\"2024-01-02T03:04:05.678Z\"", null, "1", """{"a":{"Number":7,"Note":null}}""", "\"AQID\"", $"\"{id}\"", "\"00:01:00\""],
            (IEnumerable<string?>)JobJson.ReadStringArray(stored.Text("arguments")));
        Assert.Equal("mail", stored.Data("invocationdata")["Queue"]);
        await Host.StartAsync();
        await Host.StateAsync(job, JobStates.Succeeded);
        Assert.Equal((1, at, DateTimeKind.Utc, (double?)null, Color.Green, 7, 3, (Guid?)id, TimeSpan.FromMinutes(1)), Assert.Single(_recorded.Values));
    }

    [Fact]
    public async Task Generic_methods_static_methods_failures_and_units_work()
    {
        await CreateAsync(DatabaseProvider.Sqlite);
        await Host.StartAsync();
        var generic = await Host.Calls.EnqueueAsync<Mailer>(m => m.Generic(5, new Box<int> { Content = 6 }), cancellationToken: Token);
        var unit = new WriteUnit();
        var fixedCall = await Host.Calls.EnqueueAsync(() => Mailer.Static("hello"), unit, Token);
        Assert.Null(await Host.Store.FindAsync(fixedCall, Token));
        await Host.Database.CommitAsync(unit, cancellationToken: Token);
        var failing = await Host.Calls.EnqueueAsync<Mailer>(m => m.Fail(), cancellationToken: Token);
        await Host.StateAsync(generic, JobStates.Succeeded);
        await Host.StateAsync(fixedCall, JobStates.Succeeded);
        await Host.StateAsync(failing, JobStates.Failed);
        Assert.Equal(("Int32", 5, 6), Assert.Single(_recorded.Values));
        Assert.Equal("hello", Recorded.Last);
        var failure = (await Host.OfAsync("State")).Single(s => s.Text("name") == "Failed").Data();
        Assert.Equal(("System.InvalidOperationException", "as asked"), (failure["ExceptionType"], failure["ExceptionMessage"]));
    }

    [Fact]
    public async Task A_call_that_must_be_alone_is()
    {
        await CreateAsync(DatabaseProvider.Sqlite);
        var ids = new List<long>();
        for (var i = 0; i < 8; i++)
        {
            var number = i;
            ids.Add(await Host.Calls.EnqueueAsync<Mailer>(m => m.AloneAsync(number, null!), cancellationToken: Token));
        }

        await Host.StartAsync();
        foreach (var id in ids)
            await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal(1, _recorded.Most);
        Assert.Equal("number 3", Assert.Single((await Host.Get<JobQueries>().FindAsync(ids[3], Token))!.Log).Text);
        await Eventually.TrueAsync(async () => (await Host.OfAsync("DistributedLock")).Count == 0);
    }

    [Theory]
    [InlineData("""["42","plain","null"]""", "plain")]
    [InlineData("""["42","\"quoted\"",null]""", "quoted")]
    public async Task What_older_and_other_writers_store_is_read(string arguments, string expected)
    {
        await CreateAsync(DatabaseProvider.Sqlite);
        var id = await Host.Calls.EnqueueAsync<IMailer>(m => m.SendAsync(1, null, default), cancellationToken: Token);
        await Host.ExecuteAsync($$"""
            UPDATE "Job" SET "InvocationData" = '{"Type":"Automation.Jobs.Tests.Typed.IMailer, Automation.Jobs.Tests, Version=9.9.9.9, Culture=neutral, PublicKeyToken=null","Method":"SendAsync","ParameterTypes":"[\"System.Int32, System.Private.CoreLib\",\"System.String, mscorlib, Version=4.0.0.0\",\"System.Threading.CancellationToken, mscorlib\"]","New":1}',
                "Arguments" = '{{arguments}}'
            """);
        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal((42, expected, true), _recorded.Values.Cast<(int, string?, bool, string)>().Select(v => (v.Item1, v.Item2, v.Item3)).Single());
    }

    [Fact]
    public async Task A_stored_name_cannot_load_what_was_not_registered()
    {
        await CreateAsync(DatabaseProvider.Sqlite);
        var id = await Host.Calls.EnqueueAsync<Mailer>(m => m.Fail(), cancellationToken: Token);
        await Host.ExecuteAsync("""UPDATE "Job" SET "InvocationData" = '{"Type":"System.IO.File, mscorlib","Method":"Delete","ParameterTypes":"[\"System.String\"]"}', "Arguments" = '["\"/nowhere\""]'""");
        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Failed);
        Assert.Contains("AddJobsFrom", (await Host.OfAsync("State"))[^1].Text("reason"), StringComparison.Ordinal);
        Assert.Null(TypeNames.Find("System.IO.Nothing, Other", []));
    }

    [Fact]
    public void What_is_no_call_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Server.TypedJobs.Describe((System.Linq.Expressions.Expression<Func<int>>)(() => 1), null));
    }

    private async Task CreateAsync(DatabaseProvider provider) =>
        _host = await JobsHost.CreateAsync(provider, s => s.AddSingleton(_recorded).AddSingleton<IMailer, Mailer>().AddJobsFrom(typeof(Mailer).Assembly), o => o.Queues = ["default", "mail"]);
}
