using System.Text;
using Automation.Steps.Files;
using Automation.Steps.Tests.Support;
using Automation.Testing;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Files;

public sealed class FileStepTests : IDisposable
{
    private const string Append = "Automation.AppendToFile";
    private const string Read = "Automation.ReadFromFile";

    private readonly string _folder = Directory.CreateTempSubdirectory("automation-files-").FullName;

    [Fact]
    public async Task Rows_are_appended_and_read()
    {
        await using var host = await StartHostAsync();

        await host.RunAsync(
            Step(Append, "a1", ("path", "reports/calls.csv"), ("format", "Csv"), ("content", """[{"id":1,"name":"a, \"b\""}]"""), ("columns", """["id","name","note"]""")),
            Step(Append, "a2", ("path", "reports/calls.csv"), ("format", "Csv"), ("content", """{"name":"ü","id":2}""")),
            Step(Append, "a3", ("path", "log.ndjson"), ("content", """[{"a":1},{"a":2},{"a":3}]""")),
            Step(Read, "r1", ("path", "reports/calls.csv"), ("format", "Csv"), ("rows", Into("A"))),
            Step(Read, "r2", ("path", "log.ndjson"), ("skip", "1"), ("take", "1"), ("rows", Into("B")), ("hasMore", Into("C"))),
            WriteLine("w", "{{ Variables.A | json | raw }} {{ Variables.B | json | raw }} {{ Variables.C }}"));

        Assert.Equal("id,name,note\r\n1,\"a, \"\"b\"\"\",\"\"\r\n2,ü,\"\"\r\n", await File.ReadAllTextAsync(Path.Combine(_folder, "reports", "calls.csv"), Some.Token));
        Assert.Equal(["""[{"id":"1","name":"a, \"b\"","note":""},{"id":"2","name":"ü","note":""}] [{"a":2}] true"""], host.Lines);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a\\..\\b")]
    [InlineData(".hidden")]
    [InlineData("a/.b.ledger")]
    [InlineData("c:x")]
    [InlineData("con.txt")]
    [InlineData("a/b/")]
    [InlineData("a.")]
    [InlineData("x\0y")]
    [InlineData("%2e%2e/x")]
    [InlineData("")]
    [InlineData("1/2/3/4/5/6/7/8/9")]
    [InlineData("linked/x")]
    [InlineData("link.txt")]
    [InlineData("folder")]
    public void What_leads_elsewhere_is_refused(string path)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "linked"), Path.GetTempPath());
        File.CreateSymbolicLink(Path.Combine(_folder, "link.txt"), "/etc/passwd");

        Assert.Throws<FileStepException>(() => Folder().Resolve(path));
    }

    [Theory]
    [InlineData("path", "../x", "Path")]
    [InlineData("format", "Xlsx", "Xlsx")]
    [InlineData("content", "{bad", "Content")]
    [InlineData("content", "", "nothing to append")]
    public async Task Bad_input_is_an_incident_that_names_it(string input, string value, string says)
    {
        await using var host = await StartHostAsync();
        var inputs = new Dictionary<string, object> { ["path"] = "x.ndjson", ["content"] = "{}", [input] = value };

        var instance = await host.RunAsync(Step(Append, "a", [.. inputs.Select(i => (i.Key, i.Value))]));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        var state = await host.StateAsync(instance.Id);
        Assert.Contains(says, state);
        Assert.DoesNotContain(_folder, state);
    }

    [Fact]
    public async Task A_file_grows_no_larger_than_allowed_and_csv_rows_keep_to_the_header()
    {
        await using var host = await StartHostAsync(("Automation:Steps:Files:MaxFileBytes", "1024"));

        var large = await host.RunAsync(Step(Append, "a", ("path", "x.txt"), ("format", "Text"), ("content", new string('x', 1025))));
        await host.RunAsync(Step(Append, "a", ("path", "x.csv"), ("format", "Csv"), ("content", """{"a":1}""")));
        var other = await host.RunAsync(Step(Append, "a", ("path", "x.csv"), ("format", "Csv"), ("content", """{"b":1}""")));

        Assert.Contains("MaxFileBytes", await host.StateAsync(large.Id));
        Assert.Contains("is no column", await host.StateAsync(other.Id));
        Assert.Equal("a\r\n1\r\n", await File.ReadAllTextAsync(Path.Combine(_folder, "x.csv"), Some.Token));
    }

    [Fact]
    public async Task Many_that_append_at_once_lose_nothing_and_mix_nothing()
    {
        await using var host = await StartHostAsync();
        var id = await host.PublishAsync(Step(Append, "a", ("path", "all.ndjson"), ("content", """[{"a":1},{"a":2}]""")));

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => host.RunPublishedAsync(id)));

        Assert.Equal(Enumerable.Repeat("{\"a\":1}\n{\"a\":2}\n", 40), (await File.ReadAllTextAsync(Path.Combine(_folder, "all.ndjson"), Some.Token)).Chunk(16).Select(c => new string(c)));
    }

    [Fact]
    public void An_operation_that_runs_again_appends_nothing_and_what_a_crash_left_is_cut_off()
    {
        var ledger = new AppendLedger(new ManualClock());
        var ledgerPath = Path.Combine(_folder, ".x.ledger");
        using var file = new FileStream(Path.Combine(_folder, "x"), FileMode.Create, FileAccess.ReadWrite);
        bool Do(string operation, string text) => ledger.Append(file, ledgerPath, operation, () => Encoding.UTF8.GetBytes(text));

        Assert.True(Do("one", "1111"));
        Assert.False(Do("one", "1111"));
        Assert.True(Do("two", "2222"));
        // Died in the middle of its bytes; comes again after another has appended, or at once.
        file.SetLength(6);
        Assert.True(Do("three", "3333"));
        Assert.True(Do("two", "2222"));
        // Died before its first byte.
        file.SetLength(8);
        Assert.True(Do("two", "2222"));
        Assert.False(Do("three", "3333"));
        // Died in the middle of its line in the ledger, before its append.
        File.AppendAllText(ledgerPath, "\nfour 12 4");
        Assert.True(Do("four", "4444"));
        Assert.False(Do("four", "4444"));

        file.Position = 0;
        Assert.Equal("1111333322224444", new StreamReader(file).ReadToEnd());
    }

    [Fact]
    public void The_ledger_forgets_what_has_ended_and_what_is_old()
    {
        var clock = new ManualClock();
        var ledger = new AppendLedger(clock);
        var ledgerPath = Path.Combine(_folder, ".x.ledger");
        using var file = new FileStream(Path.Combine(_folder, "x"), FileMode.Create, FileAccess.ReadWrite);
        bool Do(string operation) => ledger.Append(file, ledgerPath, operation, () => [1]);
        Do("under-way");

        var name = new string('x', 2000);
        for (var i = 0; i < 100; i++)
        {
            Do(name + i);
            ledger.Forget(name + i);
        }

        Assert.InRange(new FileInfo(ledgerPath).Length, 1, 128 << 10);
        Assert.False(Do("under-way"));
        clock.Advance(TimeSpan.FromDays(8));
        for (var i = 0; i < 100; i++)
            Do(name + "later" + i);
        Assert.True(Do("under-way"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private FileFolder Folder() => new(Microsoft.Extensions.Options.Options.Create(new FilesOptions { Directory = _folder }));

    private Task<StepsHost> StartHostAsync(params (string, string)[] settings) => StartAsync(settings: [("Automation:Steps:Files:Directory", _folder), .. settings]);
}
