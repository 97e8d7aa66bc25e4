using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Management;

/// <summary>The workflows directory, for writing what was edited through the API back to its file.</summary>
internal sealed class DefinitionFiles(IOptions<WorkflowOptions> options, IHostEnvironment environment)
{
    /// <summary>Provider name of definitions that come from files.</summary>
    public const string ProviderName = "Files";

    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The directory; null where none is configured.</summary>
    public string? Root { get; } = string.IsNullOrWhiteSpace(options.Value.Directory)
        ? null
        : Path.GetFullPath(options.Value.Directory, environment.ContentRootPath);

    /// <summary>Writes a published definition to its file, in one step: a reader sees the old or the new content.</summary>
    public async Task WriteAsync(StoredDefinition definition, CancellationToken cancellationToken)
    {
        if (Root is null || definition.Summary.SourceFile is not { } file)
            return;
        var json = definition.ToDefinition().Json;
        json.Remove("isReadonly");
        var target = Path.Combine(Root, file);
        var temporary = target + ".saving";
        await using (var stream = File.Create(temporary))
        {
            await using (var writer = new Utf8JsonWriter(stream, Indented))
                json.WriteTo(writer);
            stream.WriteByte((byte)'\n');
            await stream.FlushAsync(cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, target, overwrite: true);
    }

    /// <summary>Removes the file of a definition that was deleted.</summary>
    public void Delete(string? file)
    {
        if (Root is not null && file is not null)
            File.Delete(Path.Combine(Root, file));
    }
}
