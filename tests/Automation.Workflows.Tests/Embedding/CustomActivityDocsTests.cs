using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Automation.Workflows.Tests.Embedding;

/// <summary>What docs/custom-activities.md shows is compiled as it stands there, by somebody who sees only what is public, and runs.</summary>
public sealed partial class CustomActivityDocsTests
{
    [Fact]
    public async Task The_activities_that_the_page_shows_compile_are_described_and_run()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "docs", "custom-activities.md"), TestContext.Current.CancellationToken);
        var acme = Compile(Blocks(page, "csharp"));
        var directory = Directory.CreateTempSubdirectory("automation-embedding-").FullName;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = directory });
        acme.GetType("AcmeAutomation", throwOnError: true)!.GetMethod("AddAcmeAutomation")!.Invoke(null, [builder.Services, Path.Combine(directory, "acme.db")]);
        builder.Services.Remove(builder.Services.Single(s => s.ImplementationType == typeof(WorkflowConsole)));
        using (var host = builder.Build())
        {
            var lines = new List<string>();
            host.Services.GetRequiredService<WorkflowEvents>().OnLineWritten(lines.Add);
            await host.StartAsync(TestContext.Current.CancellationToken);

            var described = host.Services.GetRequiredService<ActivityCatalog>().Find("Acme.ShippingCost")!;
            var saved = await host.Services.GetRequiredService<WorkflowDefinitionManager>()
                .SaveAsync(WorkflowDefinition.Parse(Assert.Single(Blocks(page, "json"))), publish: true, cancellationToken: TestContext.Current.CancellationToken);
            var result = await host.Services.GetRequiredService<WorkflowRuntime>()
                .RunAsync(new StartWorkflowRequest { DefinitionId = "send-parcel" }, cancellationToken: TestContext.Current.CancellationToken);
            await host.StopAsync(TestContext.Current.CancellationToken);

            Assert.Equal(["Weight", "FreeFrom", "OrderValue"], described.Inputs.Select(i => i.Name));
            Assert.Equal("Free from", described.Inputs[1].DisplayName);
            Assert.Equal(["Free", "Paid"], described.Ports.Select(p => p.Name));
            Assert.Equal("Price", Assert.Single(described.Outputs).Name);
            Assert.Empty(saved.Problems);
            Assert.Equal(WorkflowSubStatus.Finished, result.Instance!.SubStatus);
            Assert.Contains($"It writes `{Assert.Single(lines)}`.", page, StringComparison.Ordinal);
        }

        Directory.Delete(directory, recursive: true);
    }

    private static Assembly Compile(IEnumerable<string> sources)
    {
        // What `dotnet new` turns on by itself.
        const string usings = "global using System; global using System.Collections.Generic; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            "Acme",
            sources.Append(usings).Select(s => CSharpSyntaxTree.ParseText(s)),
            platform.Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        stream.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(stream);
    }

    private static List<string> Blocks(string page, string language) =>
        [.. Block().Matches(page).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["text"].Value)];

    private static string RepositoryRoot([CallerFilePath] string source = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(source)!);
        while (!File.Exists(Path.Combine(folder.FullName, "Automation.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();
}
