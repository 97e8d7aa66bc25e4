using System.Text.Json;
using Automation.Jobs.Serialization;

namespace Automation.Jobs.Tests.Serialization;

public sealed class SerializationTests
{
    private static readonly DateTime Moment = new(2026, 11, 20, 23, 26, 12, 959, DateTimeKind.Utc);

    [Theory]
    [InlineData("1795217172959")]
    [InlineData("2026-11-20T23:26:12.9590000Z")]
    public void Every_form_of_a_time_is_read(string text) => Assert.Equal(Moment, JobTime.Parse(text));

    [Fact]
    public void Seconds_are_read_and_milliseconds_are_written()
    {
        Assert.Equal(new DateTime(2026, 11, 20, 23, 26, 12, DateTimeKind.Utc), JobTime.Parse("1795217172"));
        Assert.Equal("1795217172959", JobTime.Format(Moment));
        Assert.Null(JobTime.Parse(""));
        Assert.Null(JobTime.Parse("soon"));
        Assert.Equal(1795217172.959, JobTime.Score(Moment));
        Assert.Equal(Moment, JobTime.FromScore(1795217172.959));
    }

    [Fact]
    public void A_call_has_a_long_and_a_short_form()
    {
        var data = new InvocationData("Probe.Jobs, HfProbe", "Args", ["System.Int32", "System.String"], ["1", "\"two\"", null], "beta");
        Assert.Equal(
            """{"Type":"Probe.Jobs, HfProbe","Method":"Args","ParameterTypes":"[\"System.Int32\",\"System.String\"]","Arguments":"[\"1\",\"\\\"two\\\"\",null]","Queue":"beta"}""",
            data.LongText());
        Assert.Equal("""["1","\"two\"",null]""", data.ArgumentsText());
        Assert.Equal("""{"t":"Probe.Jobs, HfProbe","m":"Args","p":["System.Int32","System.String"],"a":["1","\"two\"",null],"q":"beta"}""", data.ShortText());
        Assert.Equal("""{"t":"A","m":"B"}""", new InvocationData("A", "B", [], []).ShortText());
        foreach (var text in new[] { data.LongText(), data.ShortText() })
        {
            var read = InvocationData.ReadPayload(text);
            Assert.Equal((data.Type, data.Method, data.Queue), (read.Type, read.Method, read.Queue));
            Assert.Equal(data.Arguments, read.Arguments);
            Assert.Equal(data.ParameterTypes, read.ParameterTypes);
        }
    }

    [Fact]
    public void The_column_of_the_arguments_counts_more_than_the_copy()
    {
        const string Text = """{"Type":"A","Method":"B","Arguments":"[\"1\"]","Extra":{"x":1}}""";
        Assert.Equal(["2"], InvocationData.ReadJob(Text, """["2"]""").Arguments);
        Assert.Equal(["1"], InvocationData.ReadJob(Text, null).Arguments);
        Assert.Empty(InvocationData.ReadJob(Text, null).ParameterTypes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"Method":"B"}""")]
    [InlineData("""{"t":"A","m":"B"}""")]
    [InlineData("""{"Type":"A","Method":"B","ParameterTypes":["x"]}""")]
    [InlineData("""{"Type":"A","Method":"B","ParameterTypes":"{}"}""")]
    [InlineData("""{"Type":1,"Method":"B"}""")]
    public void A_damaged_call_is_told(string? text) => Assert.Throws<JobLoadException>(() => InvocationData.ReadJob(text, null));

    [Fact]
    public void The_names_of_calls_are_short()
    {
        Assert.Equal("Jobs.Args", new InvocationData("Probe.Jobs, HfProbe", "Args", [], []).DisplayName);
        Assert.Equal("Outer.Inner.Run", new InvocationData("Probe.Outer+Inner, HfProbe", "Run", [], []).DisplayName);
        Assert.Equal("greet", new InvocationData(NamedJob.TypeName, "Run", [], ["\"greet\"", "[]"]).DisplayName);
    }

    [Fact]
    public void Next_states_of_every_writer_are_read()
    {
        Assert.Equal(new TypedState("Enqueued", "beta", null, null), TypedState.Read(TypedState.Enqueued("beta")));
        Assert.Equal(
            new TypedState("Enqueued", "default", null, null),
            TypedState.Read("""{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core, Version=1.8.24.0, Culture=neutral, PublicKeyToken=null","Queue":"default","Reason":null}"""));
        Assert.Equal(new TypedState("Scheduled", null, Moment, null), TypedState.Read(TypedState.Scheduled(Moment)));
        Assert.Throws<JobLoadException>(() => TypedState.Read("""{"$type":"Other.State, Other"}"""));
        Assert.Throws<JobLoadException>(() => TypedState.Read("nonsense"));
    }

    [Fact]
    public void Continuations_of_every_writer_are_read()
    {
        var read = Continuation.ReadAll("""[{"JobId":"16","Options":1},{"JobId":"17"},{"JobId":"18","Options":"OnlyOnDeletedState"},{"Nothing":1}]""");
        Assert.Equal([new(16, ContinuationOptions.OnlyOnSucceededState), new(17, ContinuationOptions.OnAnyFinishedState), new(18, ContinuationOptions.OnlyOnDeletedState)], read);
        Assert.Equal("""[{"JobId":"16","Options":1},{"JobId":"17"}]""", Continuation.WriteAll(read.Take(2)));
        Assert.Empty(Continuation.ReadAll("nonsense"));
    }

    [Fact]
    public void Type_names_of_the_other_serializer_are_taken_out()
    {
        var node = JobJson.WithoutTypeNames(System.Text.Json.Nodes.JsonNode.Parse(
            """{"$type":"A, B","Items":{"$type":"System.Object[], mscorlib","$values":[{"$type":"C, D","X":1},2]}}"""));
        Assert.Equal("""{"Items":[{"X":1},2]}""", node!.ToJsonString());
        Assert.Equal(["alpha", "beta"], (IEnumerable<string?>)JobJson.ReadStringArray(JsonDocument.Parse("""{"$type":"System.String[], mscorlib","$values":["alpha","beta"]}""").RootElement));
    }

    [Fact]
    public void The_waits_between_attempts_follow_the_formula()
    {
        var options = new JobRetryOptions();
        for (var retry = 1; retry <= 10; retry++)
        {
            var shortest = Math.Pow(retry - 1, 4) + 15;
            for (var seed = 0; seed < 50; seed++)
                Assert.InRange(options.DelayBefore(retry, new Random(seed)).TotalSeconds, shortest, shortest + (29 * retry));
        }

        options.Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(7)];
        Assert.Equal([1, 7, 7], Enumerable.Range(1, 3).Select(n => options.DelayBefore(n, new Random(0)).TotalSeconds));
    }
}
