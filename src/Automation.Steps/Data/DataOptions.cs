using System.ComponentModel.DataAnnotations;
using Automation.Storage;

namespace Automation.Steps.Data;

/// <summary>Limits of the document store; bound from <c>Automation:Steps:Data</c>.</summary>
public sealed class DataOptions : IValidatableObject
{
    /// <summary>Largest document, in bytes of JSON. Default 1 MiB.</summary>
    [Range(256, 64 << 20)]
    public int MaxDocumentBytes { get; set; } = 1 << 20;

    /// <summary>How often documents past their time to live are removed; they are not seen any more before. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Fields by which the documents of a collection are found quickly: <c>{ "customers": ["email", "address.city"] }</c>. Made at
    /// the start, which may take a while for a large collection; what is not listed any more is dropped. Default: none.
    /// </summary>
    public IDictionary<string, IList<string>> Indexes { get; set; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (collection, fields) in Indexes)
        {
            if (fields.Count > 20)
                yield return new ValidationResult($"Automation:Steps:Data:Indexes:{collection} has {fields.Count} fields; allowed are 20.", [nameof(Indexes)]);
            foreach (var field in fields)
            {
                if (WhyNotValid(collection, field) is { } why)
                    yield return new ValidationResult($"Automation:Steps:Data:Indexes:{collection}: {why}", [nameof(Indexes)]);
            }
        }
    }

    private static string? WhyNotValid(string collection, string field)
    {
        try
        {
            _ = DocumentSql.Text(collection);
            _ = DocumentSql.Field(DatabaseProvider.Sqlite, field);
            return null;
        }
        catch (DocumentException e)
        {
            return e.Message;
        }
    }
}
