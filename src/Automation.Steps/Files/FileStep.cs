using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Automation.Steps.Activities;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Files;

/// <summary>Does the work of <see cref="AppendToFile"/> and <see cref="ReadFromFile"/>.</summary>
internal sealed class FileStep(FileFolder folder, AppendLedger ledger, IOptions<FilesOptions> options, TimeProvider clock) : IBackgroundActivity
{
    // The longest line that is read: more is no row.
    private const int MaxLine = 4 << 20;

    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(20);
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        try
        {
            var path = folder.Resolve(inputs.Text("Path"));
            var format = inputs.Text("Format") is { Length: > 0 } given ? given : "Ndjson";
            if (format is not ("Ndjson" or "Csv" or "Text"))
                throw new FormatException($"Format is \"{format}\"; allowed are Ndjson, Csv and Text.");
            return operation.ActivityType == AppendToFile.Type ? await AppendAsync(operation, path, format, inputs, cancellationToken) : Read(path, format, inputs);
        }
        catch (Exception e) when (e is FileStepException or FormatException or UnauthorizedAccessException)
        {
            // The system's own words have the server's paths in them.
            var message = e is UnauthorizedAccessException ? "The server may not use this file." : e.Message;
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, message, e.GetType().Name) };
        }
    }

    private async Task<OperationResult> AppendAsync(BackgroundOperation operation, string path, string format, StepInputs inputs, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var hidden = Path.Combine(Path.GetDirectoryName(path)!, "." + Path.GetFileName(path));
        var gate = _locks.GetOrAdd(path, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            using var lockFile = await LockAsync(hidden + ".lock", cancellationToken);
            folder.CheckLinks(path);
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            ledger.Append(file, hidden + ".ledger", operation.OperationId, () => Bytes(file, format, inputs));
            operation.CommitWith(unit => unit.OnCommitted(() => ledger.Forget(operation.OperationId)));
            return new OperationResult { Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Size"] = file.Length } };
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Keeps other servers that share the folder out, for as long as it is open.</summary>
    private async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (clock.GetElapsedTime(started) < LockWait)
            {
                await Task.Delay(LockPause, clock, cancellationToken);
            }
        }
    }

    private byte[] Bytes(FileStream file, string format, StepInputs inputs)
    {
        if (inputs["Content"] is not { } content || content is "")
            throw new FormatException("Content is empty: there is nothing to append.");
        var text = new StringBuilder();
        if (format == "Text")
        {
            text.Append(PlainJson.AsText(content));
        }
        else
        {
            if (content is string typed && typed.AsSpan().TrimStart() is ['{' or '[', ..])
                content = StepInputs.Parsed(typed, "Content")!;
            var rows = (PlainJson.Elements(content) ?? [content]).ToList();
            if (format == "Csv")
                AppendCsv(text, file, rows, inputs);
            else
                rows.ForEach(row => text.Append(PlainJson.ToText(row)).Append('\n'));
        }

        var bytes = Utf8.GetBytes(text.ToString());
        return file.Length + bytes.Length <= options.Value.MaxFileBytes
            ? bytes
            : throw new FileStepException($"The file would be larger than {options.Value.MaxFileBytes} bytes (Automation:Steps:Files:MaxFileBytes).");
    }

    private static void AppendCsv(StringBuilder text, FileStream file, List<object?> rows, StepInputs inputs)
    {
        List<string> columns;
        if (file.Length == 0)
        {
            columns = PlainJson.Elements(StepInputs.Parsed(inputs["Columns"], "Columns"))?.Select(PlainJson.AsText).ToList() ?? Csv.Columns(rows);
            if (columns.Count == 0)
                throw new FormatException("Content has no members, so there are no columns.");
            Csv.Write(text, columns, ',');
        }
        else
        {
            file.Seek(0, SeekOrigin.Begin);
            using var reader = new StreamReader(file, Utf8, detectEncodingFromByteOrderMarks: true, bufferSize: 4096, leaveOpen: true);
            columns = Csv.Read(reader, ',').First();
        }

        foreach (var row in rows)
            Csv.Write(text, Csv.Fields(row, columns), ',');
    }

    private OperationResult Read(string path, string format, StepInputs inputs)
    {
        var (skip, take) = (inputs.Integer("Skip") ?? 0, inputs.Integer("Take") ?? options.Value.MaxRows);
        if (skip < 0)
            throw new FormatException($"Skip is {skip}; it must be 0 or more.");
        if (take < 1 || take > options.Value.MaxRows)
            throw new FormatException($"Take is {take}; allowed is 1 to {options.Value.MaxRows} (Automation:Steps:Files:MaxRows).");
        if (!File.Exists(path))
            return Result([], hasMore: false, "Not found");
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Utf8);
        var rows = new List<object?>();
        foreach (var row in Rows(reader, format))
        {
            if (skip-- > 0)
                continue;
            if (rows.Count == take)
                return Result(rows, hasMore: true, "Found");
            rows.Add(row);
        }

        return Result(rows, hasMore: false, "Found");
    }

    private static IEnumerable<object?> Rows(StreamReader reader, string format)
    {
        if (format == "Csv")
        {
            List<string>? names = null;
            foreach (var record in Csv.Read(reader, ','))
            {
                if (names is null)
                    names = record;
                else
                    yield return names.Select((name, i) => (name, i)).DistinctBy(n => n.name).ToDictionary(n => n.name, object? (n) => n.i < record.Count ? record[n.i] : null, StringComparer.Ordinal);
            }

            yield break;
        }

        while (reader.ReadLine() is { } line)
        {
            if (line.Length > MaxLine)
                throw new FileStepException($"The file has a line of more than {MaxLine} characters.");
            if (format == "Text")
                yield return line;
            else if (line.Length > 0)
                yield return StepInputs.Parsed(line, "A line of the file");
        }
    }

    private static OperationResult Result(List<object?> rows, bool hasMore, string outcome) => new()
    {
        Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Rows"] = rows, ["HasMore"] = hasMore },
        Outcomes = [outcome, "Done"],
    };
}
